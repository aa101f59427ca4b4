// Sends three lines through pino-loki to the URL given, and ends.
import pino from "pino";
import { pinoLoki } from "pino-loki";

const stream = pinoLoki({ host: process.argv[2], labels: { job: "pino" }, batching: false });
const logger = pino({ level: "debug" }, stream);
logger.info({ user: 7 }, "first line of pino");
logger.warn("second line of pino");
logger.error("third line of pino");
setTimeout(() => process.exit(0), 1500);
