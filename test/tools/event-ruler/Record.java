import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;

/**
 * Adds event-ruler's verdicts to a corpus: reads lines from stdin, writes them to stdout.
 * `{"events": [...]}` sets the events for the patterns that follow and passes through; `{"p": pattern}` becomes
 * `{"p": pattern, "v": "<hex>"}` with one bit for each event, the first event in the lowest bit, or
 * `{"p": pattern, "bad": "<message>"}` when the pattern is refused.
 */
public class Record {
  public static void main(String[] args) throws Exception {
    ObjectMapper json = new ObjectMapper();
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    List<String> events = new ArrayList<>();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      JsonNode node = json.readTree(line);
      if (node.has("events")) {
        events.clear();
        for (JsonNode event : node.get("events")) events.add(event.toString());
      }
      out.println(node.has("p") ? judged((ObjectNode) node, events) : line);
    }
    out.flush();
  }

  private static JsonNode judged(ObjectNode node, List<String> events) throws Exception {
    // Machine.addRule would fall back to the compiler of old, to which a misspelt $or is a name like any other.
    String pattern = node.get("p").toString();
    String refused = JsonRuleCompiler.check(pattern);
    if (refused != null) return node.put("bad", refused.split("\n")[0]);
    Machine machine = new Machine();
    try {
      machine.addRule("rule", pattern);
    } catch (RuntimeException crash) {
      return node.put("bad", crash.getClass().getSimpleName());
    }
    BigInteger bits = BigInteger.ZERO;
    for (int i = 0; i < events.size(); i++) {
      if (!machine.rulesForJSONEvent(events.get(i)).isEmpty()) bits = bits.setBit(i);
    }
    return node.put("v", bits.toString(16));
  }
}
