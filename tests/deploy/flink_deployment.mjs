// Reads a FlinkDeployment from standard input, and says whether the operator's schema takes it.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const models = `${process.argv[2]}/node_modules/@kubernetes-models/flink`;
const { FlinkDeployment } = await import(pathToFileURL(`${models}/flink.apache.org/v1beta1/FlinkDeployment.js`));
new FlinkDeployment(JSON.parse(readFileSync(0))).validate();
console.log("valid");
