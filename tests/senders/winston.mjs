// Sends three lines through winston-loki to the URL given, and ends.
import LokiTransport from "winston-loki";
import winston from "winston";

const transport = new LokiTransport({
  host: process.argv[2],
  labels: { job: "winston" },
  json: process.argv[3] === "json",
  batching: false,
  onConnectionError: (error) => {
    console.error(String(error));
    process.exit(1);
  },
});
const logger = winston.createLogger({ transports: [transport], level: "debug" });
logger.info("first line of winston", { user: 7 });
logger.warn("second line of winston");
logger.error("third line of winston");
setTimeout(() => process.exit(0), 1500);
