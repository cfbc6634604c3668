package millrace;

import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Kafka's own producer: writes records in each compression, and transactions of which every second one is given up.
 * Arguments: the server, how many records a topic gets.
 */
public class Produce {
  public static void main(String[] arguments) {
    int count = Integer.parseInt(arguments[1]);
    for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
      try (KafkaProducer<String, String> producer = open(arguments[0], codec, null)) {
        for (int i = 0; i < count; i++) producer.send(new ProducerRecord<>("java-" + codec, "key-" + i, "value-" + i));
      }
    }
    try (KafkaProducer<String, String> producer = open(arguments[0], "none", "transactions")) {
      producer.initTransactions();
      for (int transaction = 0; transaction < 6; transaction++) {
        boolean committed = transaction % 2 == 0;
        producer.beginTransaction();
        for (int i = 0; i < 10; i++) {
          producer.send(new ProducerRecord<>("java-transactions", i % 2, null, committed ? "committed" : "aborted"));
        }
        producer.flush();
        if (committed) producer.commitTransaction();
        else producer.abortTransaction();
      }
    }
  }

  static KafkaProducer<String, String> open(String server, String codec, String transactions) {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", server);
    properties.put("compression.type", codec);
    properties.put("linger.ms", "20");
    if (transactions != null) properties.put("transactional.id", transactions);
    return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
  }
}
