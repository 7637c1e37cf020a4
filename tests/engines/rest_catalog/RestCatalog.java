package org.apache.iceberg.rest; // whose routes are seen there alone

import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.rest.responses.LoadTableResponse;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;

/**
 * Iceberg's reference of a REST catalog, which its own clients are tested with: PORT [PROPERTY=VALUE ...].
 *
 * <p>Properties are the catalog's own; of those that begin with "vended." the rest is told to whoever loads a table.
 */
public final class RestCatalog {
  private static final String VENDED = "vended.";

  public static void main(String[] words) throws Exception {
    var own = new HashMap<String, String>();
    var vended = new HashMap<String, String>();
    for (int i = 1; i < words.length; i++) {
      String[] pair = words[i].split("=", 2);
      if (pair[0].startsWith(VENDED)) {
        vended.put(pair[0].substring(VENDED.length()), pair[1]);
      } else {
        own.put(pair[0], pair[1]);
      }
    }
    var catalog = CatalogUtil.loadCatalog(JdbcCatalog.class.getName(), "lake", own, new Configuration());
    var context = new ServletContextHandler(ServletContextHandler.NO_SESSIONS);
    context.addServlet(new ServletHolder(new RESTCatalogServlet(new Vending(catalog, vended))), "/*");
    var server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(words[0])));
    server.setHandler(context);
    server.start();
    server.join();
  }

  private static final class Vending extends RESTCatalogAdapter {
    private final Map<String, String> vended;

    Vending(Catalog catalog, Map<String, String> vended) {
      super(catalog);
      this.vended = vended;
    }

    @Override
    public <T extends RESTResponse> T handleRequest(Route route, Map<String, String> vars, Object body, Class<T> type) {
      T answer = super.handleRequest(route, vars, body, type);
      if (answer instanceof LoadTableResponse) {
        var loaded = LoadTableResponse.builder().withTableMetadata(((LoadTableResponse) answer).tableMetadata());
        return type.cast(loaded.addAllConfig(vended).build());
      }
      return answer;
    }
  }
}
