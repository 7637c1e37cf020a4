package putmedia;

import com.amazonaws.auth.AWSCredentialsProvider;
import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.kinesisvideo.AmazonKinesisVideo;
import com.amazonaws.services.kinesisvideo.AmazonKinesisVideoClientBuilder;
import com.amazonaws.services.kinesisvideo.AmazonKinesisVideoPutMedia;
import com.amazonaws.services.kinesisvideo.AmazonKinesisVideoPutMediaClient;
import com.amazonaws.services.kinesisvideo.PutMediaAckResponseHandler;
import com.amazonaws.services.kinesisvideo.model.APIName;
import com.amazonaws.services.kinesisvideo.model.AckEvent;
import com.amazonaws.services.kinesisvideo.model.CreateStreamRequest;
import com.amazonaws.services.kinesisvideo.model.GetDataEndpointRequest;
import com.amazonaws.services.kinesisvideo.model.PutMediaRequest;

import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.Date;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Makes a stream with a day of retention and uploads a Matroska file to it with AWS's PutMedia client.
 * usage: PutMedia ENDPOINT STREAM FILE ABSOLUTE|RELATIVE START_EPOCH_MS
 * Prints a line for each acknowledgement: type, timecode, fragment number, error id, tab between them.
 * Exit status: 0 uploaded, 1 refused or failed, 2 usage.
 */
public final class PutMedia {
    private static final String REGION = "us-east-1";
    private static final int TIMEOUT_S = 30;

    private PutMedia() {
    }

    public static void main(final String[] args) throws Exception {
        if (args.length != 5) {
            System.err.println("usage: PutMedia ENDPOINT STREAM FILE ABSOLUTE|RELATIVE START_EPOCH_MS");
            System.exit(2);
        }
        final AWSCredentialsProvider credentials =
                new AWSStaticCredentialsProvider(new BasicAWSCredentials("AKIAIOSFODNN7EXAMPLE", "fake"));
        final AmazonKinesisVideo control = AmazonKinesisVideoClientBuilder.standard().withCredentials(credentials)
                .withEndpointConfiguration(new EndpointConfiguration(args[0], REGION)).build();
        control.createStream(new CreateStreamRequest().withStreamName(args[1]).withDataRetentionInHours(24));
        final String endpoint = control.getDataEndpoint(
                new GetDataEndpointRequest().withStreamName(args[1]).withAPIName(APIName.PUT_MEDIA)).getDataEndpoint();
        final AmazonKinesisVideoPutMedia media = AmazonKinesisVideoPutMediaClient.builder().withRegion(REGION)
                .withEndpoint(URI.create(endpoint)).withCredentials(credentials).withConnectionTimeoutInMillis(10_000).build();
        final Acks acks = new Acks();
        try (InputStream file = Files.newInputStream(Paths.get(args[2]))) {
            media.putMedia(new PutMediaRequest().withStreamName(args[1]).withFragmentTimecodeType(args[3])
                    .withProducerStartTimestamp(new Date(Long.parseLong(args[4]))).withPayload(file), acks);
            acks.failed |= !acks.done.await(TIMEOUT_S, TimeUnit.SECONDS);
        }
        media.close();
        System.exit(acks.failed ? 1 : 0);
    }

    private static final class Acks implements PutMediaAckResponseHandler {
        private final CountDownLatch done = new CountDownLatch(1);
        private volatile boolean failed;

        @Override
        public void onAckEvent(final AckEvent event) {
            System.out.println(String.join("\t", String.valueOf(event.getAckEventType()), String.valueOf(event.getFragmentTimecode()),
                    String.valueOf(event.getFragmentNumber()), String.valueOf(event.getErrorId())));
            failed |= event.getErrorId() != null;
        }

        @Override
        public void onFailure(final Throwable error) {
            error.printStackTrace();
            failed = true;
            done.countDown();
        }

        @Override
        public void onComplete() {
            done.countDown();
        }
    }
}
