/** Errors of Kafka sources and sinks. */
export const kafkaErrors = {
  "KAFKA_DATA_LOSS.ADDED_PARTITION_DOES_NOT_START_FROM_OFFSET_ZERO": {
    sqlState: "22000",
    message:
      "Some data may have been lost because it is not available in Kafka any more: the added partition <topicPartition> starts from <startOffset> instead of 0. To go on all the same, set the option failOnDataLoss to false.",
  },
  "KAFKA_DATA_LOSS.COULD_NOT_READ_OFFSET_RANGE": {
    sqlState: "22000",
    message:
      "Some data may have been lost because it is not available in Kafka any more: of <topicPartition> the records from <startOffset> on were asked for, and <reason>. To go on all the same, set the option failOnDataLoss to false.",
  },
  "KAFKA_DATA_LOSS.PARTITIONS_DELETED": {
    sqlState: "22000",
    message:
      "Some data may have been lost because it is not available in Kafka any more: the partitions <partitions> are gone. To go on all the same, set the option failOnDataLoss to false.",
  },
  "KAFKA_DATA_LOSS.START_OFFSET_RESET": {
    sqlState: "22000",
    message:
      "Some data may have been lost because it is not available in Kafka any more: the end of <topicPartition> was <offset> and is now <fetchedOffset>, as when a topic was deleted and made anew. To go on all the same, set the option failOnDataLoss to false.",
  },
  KAFKA_NULL_TOPIC_IN_DATA: {
    sqlState: "2200G",
    message:
      "A row has NULL in the column topic, and the option topic is not set. Give every row a topic, or set the option.",
  },
  KAFKA_RECORD_BATCH_CORRUPTED: {
    sqlState: "22000",
    message:
      "The record batch of <topicPartition> at offset <offset> cannot be read: <reason>. Check the broker's disk, and whether something between changes bytes.",
  },
  KAFKA_REQUEST_FAILED: {
    sqlState: "58000",
    retriable: true,
    message: "Kafka (<address>) did not do what <request> asks for <subject>: <error>.",
  },
} as const;
