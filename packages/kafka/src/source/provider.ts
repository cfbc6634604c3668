import { refuseSchema, type SourceProvider } from "millrace/engine";
import { KafkaBatch } from "./kafka-batch.ts";
import { KafkaStream } from "./kafka-stream.ts";
import { kafkaSchema } from "./schema.ts";
import { sourceOptions } from "./source-options.ts";

/** Topics as batches and streams, for `format("kafka")`. */
export const sourceProvider: SourceProvider = {
  names: ["kafka"],
  async inferSchema(context, given, streaming) {
    refuseSchema(
      "kafka",
      given,
      "The Kafka source has a fixed schema; parse the column value with from_json or cast it.",
    );
    return kafkaSchema(sourceOptions(context.options, streaming).includeHeaders);
  },
  openBatch: (context, request) => KafkaBatch.open(context, request, sourceOptions(context.options, false)),
  openStream: async (context, request) => new KafkaStream(context, request, sourceOptions(context.options, true)),
};
