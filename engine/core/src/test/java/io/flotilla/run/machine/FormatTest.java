package io.flotilla.run.machine;

import static org.assertj.core.api.Assertions.assertThat;

import io.flotilla.agent.Usage;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Limits;
import io.flotilla.run.NoAnswerException;
import io.flotilla.run.PendingQuestion;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.run.StateChange;
import io.flotilla.step.StepResult;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page about the format says what the code does, in both directions. */
@Timeout(60)
class FormatTest {

    private static final Path PAGE = Path.of("src/main/java/io/flotilla/run/machine/format.md");
    private static final Instant AT = Instant.EPOCH;
    private static final BranchPath ROOT = BranchPath.outsideForks(0);

    /** The rows of the tables under a heading, each a list of cells, without the tables' heads. */
    private static List<List<String>> rows(String heading) throws IOException {
        List<List<String>> rows = new ArrayList<>();
        boolean inside = false;
        boolean head = true;
        for (String line : Files.readAllLines(PAGE)) {
            if (line.startsWith("## ")) {
                inside = line.equals("## " + heading);
            } else if (inside && line.startsWith("|")) {
                if (!head && !line.startsWith("|---")) {
                    rows.add(Arrays.stream(line.substring(1, line.length() - 1).split("\\|", -1))
                            .map(String::strip)
                            .toList());
                }
                head = false;
            } else {
                head = true;
            }
        }
        return rows;
    }

    private static Set<String> firstCells(String heading) throws IOException {
        return rows(heading).stream()
                .map(row -> row.get(0).replace("`", ""))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> constants(Class<?> holder) throws IllegalAccessException {
        Set<String> constants = new TreeSet<>();
        for (Field field : holder.getDeclaredFields()) {
            if (Modifier.isStatic(field.getModifiers()) && field.getType() == String.class) {
                assertThat(constants.add((String) field.get(null)))
                        .as("%s", field)
                        .isTrue();
            }
        }
        return constants;
    }

    private static String cell(String heading, String first, int index) throws IOException {
        return rows(heading).stream()
                .filter(row -> row.get(0).replace("`", "").equals(first))
                .map(row -> row.get(index))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no row " + first));
    }

    /** What stands between backticks. */
    private static Set<String> words(String cell) {
        Set<String> words = new TreeSet<>();
        Matcher matcher = Pattern.compile("`([^`]*)`").matcher(cell);
        while (matcher.find()) {
            words.add(matcher.group(1));
        }
        return words;
    }

    @Test
    void types_arePageAndCode() throws Exception {
        assertThat(firstCells("Types of entries")).isEqualTo(constants(FactFormat.EntryType.class));
    }

    @Test
    void keys_arePageAndCode() throws Exception {
        assertThat(firstCells("Keys")).isEqualTo(constants(FactFormat.FactKey.class));
    }

    @Test
    void wordsOfValues_arePageAndCode() throws Exception {
        assertThat(words(cell("Keys", "kind", 2))).isEqualTo(constants(FactFormat.DecisionKind.class));
        assertThat(words(cell("Keys", "status", 2)))
                .isEqualTo(Arrays.stream(RunResult.Status.values())
                        .map(FactFormat::of)
                        .collect(Collectors.toCollection(TreeSet::new)));
        assertThat(words(cell("Keys", "failure", 2)))
                .isEqualTo(Arrays.stream(StepResult.Kind.values())
                        .filter(StepResult.Kind::isFailure)
                        .map(FactFormat::of)
                        .collect(Collectors.toCollection(TreeSet::new)));
    }

    /** Every word that the code writes is one of the page. */
    @Test
    void keys_ofEveryFactThatIsWritten_areOnThePage() throws Exception {
        Set<String> written = new TreeSet<>();
        FactCodecTest.facts().forEach(fact -> {
            assertThat(FactCodecTest.entry(fact).type()).isIn(typesOnThePage());
            addKeys(FactCodecTest.tree(fact), written);
        });
        FactCodecTest.failures().forEach(fact -> addKeys(FactCodecTest.tree(fact), written));

        Set<String> page = firstCells("Keys");
        page.remove("status"); // of the note
        assertThat(written).isEqualTo(page);
    }

    private static Set<String> typesOnThePage() {
        try {
            return firstCells("Types of entries");
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    /** Not those inside of users' values, labels, and maps by agent or limit. */
    private static void addKeys(Map<?, ?> tree, Set<String> keys) {
        tree.forEach((key, value) -> {
            keys.add((String) key);
            boolean ours = Set.of("plan", "decision").contains(key);
            if (ours && value instanceof Map<?, ?> inner) {
                addKeys(inner, keys);
            } else if (key.equals("invocations") || key.equals("writes")) {
                ((List<?>) value).forEach(invocation -> addKeys((Map<?, ?>) invocation, keys));
            }
        });
    }

    // --- codes

    /** Names of codes as the page has them, with their numbers. */
    private static Map<String, Integer> codes(String row) throws IOException {
        Map<String, Integer> codes = new LinkedHashMap<>();
        Matcher matcher = Pattern.compile("([a-zA-Z` ]+) (\\d+)").matcher(cell("Digest, version 1", row, 1));
        while (matcher.find()) {
            codes.put(matcher.group(1).replace("`", "").strip(), Integer.parseInt(matcher.group(2)));
        }
        return codes;
    }

    private static String page(Enum<?> constant) {
        return Map.of("UNMET", "unmet", "VACATED", "vacated")
                .getOrDefault(
                        constant.name(),
                        constant.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
    }

    @Test
    void codesOfFacts_arePageAndCode() throws Exception {
        Map<String, Integer> code = new TreeMap<>();
        FactCodecTest.facts().forEach(fact -> code.put(FactCodecTest.entry(fact).type(), DigestCode.of(fact)));
        Map<String, Integer> page = new TreeMap<>();
        for (List<String> row : rows("Digest, version 1")) {
            if (row.size() == 2 && row.get(1).matches("\\d+")) {
                page.put(row.get(0).replace("`", ""), Integer.parseInt(row.get(1)));
            }
        }

        assertThat(page).isEqualTo(code);
    }

    private static List<RunEvent> events() {
        RunEvent.Verdict met = RunEvent.Verdict.MET;
        PendingQuestion question = new PendingQuestion("q0", "A", ROOT, "?", List.of(), null, null);
        return List.of(
                new RunEvent.RunStarted(0, AT),
                new RunEvent.BranchStarted(0, AT, ROOT, "A"),
                new RunEvent.StepSettled(0, AT, ROOT, "A", 0, false, 1, false, Usage.NONE),
                new RunEvent.DecisionRejected(0, AT, ROOT, "A", "why"),
                new RunEvent.HandedOff(0, AT, ROOT, "A", "B"),
                new RunEvent.Forked(0, AT, ROOT, "A", 0, 1),
                new RunEvent.Joined(0, AT, ROOT, "A", 0, met, 1, 0, 0),
                new RunEvent.RendezvousFired(0, AT, ROOT, "A", met, 1),
                new RunEvent.BranchAnswered(0, AT, ROOT, "A", false),
                new RunEvent.BranchFailed(0, AT, ROOT, "A", new NoAnswerException()),
                new RunEvent.BranchMovedOn(0, AT, ROOT, "A", "B", false),
                new RunEvent.BranchCancelled(0, AT, ROOT, "A"),
                new RunEvent.QuestionAsked(0, AT, question),
                new RunEvent.QuestionAnswered(0, AT, ROOT, "A", "q0", false),
                new RunEvent.RunPaused(0, AT),
                new RunEvent.RunResumed(0, AT),
                new RunEvent.RunFinished(0, AT, RunResult.Status.FAILED),
                new RunEvent.SleepStarted(0, AT, ROOT, "A", AT),
                new RunEvent.SleepEnded(0, AT, ROOT, "A"),
                new RunEvent.SignalAwaited(0, AT, ROOT, "A", "paid", null),
                new RunEvent.SignalReceived(0, AT, "paid", RunEvent.Delivery.KEPT),
                new RunEvent.SignalTaken(0, AT, ROOT, "A", "paid", true),
                new RunEvent.CompensationStarted(0, AT, ROOT, "A", 0),
                new RunEvent.CompensationSettled(0, AT, ROOT, "A", 0, true, Usage.NONE),
                new RunEvent.StateWritten(0, AT, ROOT, "A", 0, List.of(new StateChange("plan", 1, "x"))));
    }

    @Test
    void codesOfEvents_areOnThePageInThisOrder() throws Exception {
        List<Integer> page = new ArrayList<>();
        for (List<String> row : rows("Digest, version 1")) {
            if (row.size() == 3) {
                page.add(Integer.parseInt(row.get(1)));
            }
        }

        assertThat(events()).extracting(DigestCode::of).isEqualTo(page);
        assertThat(DigestCode.of(new RunEvent.StepStarted(0, AT, ROOT, "A", 0))).isEqualTo(DigestCode.LEFT_OUT);
        Set<Class<?>> all = new java.util.HashSet<>(List.of(RunEvent.class.getPermittedSubclasses()));
        events().forEach(event -> all.remove(event.getClass()));
        assertThat(all).as("every kind of event has a row").containsExactly(RunEvent.StepStarted.class);
    }

    @Test
    void codesOfKinds_arePageAndCode() throws Exception {
        assertThat(codes("verdict")).isEqualTo(numbered(RunEvent.Verdict.values(), DigestCode::of));
        assertThat(codes("delivery")).isEqualTo(numbered(RunEvent.Delivery.values(), DigestCode::of));
        assertThat(codes("status")).isEqualTo(numbered(RunResult.Status.values(), DigestCode::of));
        assertThat(codes("kind of failure")).isEqualTo(numbered(RunFailure.Kind.values(), DigestCode::of));
        Map<String, Integer> steps = codes("detail of a failed step");
        assertThat(steps).isEqualTo(numbered(StepResult.Kind.values(), DigestCode::of));
        codes("detail of an exceeded limit")
                .forEach((limit, code) -> assertThat(DigestCode.ofLimit(limit)).isEqualTo(code));
        assertThat(codes("detail of an exceeded limit").keySet())
                .containsAll(PlanOutline.outline(Limits.steps(1)
                                .time(java.time.Duration.ofDays(1))
                                .tokens(1)
                                .cost(java.math.BigDecimal.ONE)
                                .branches(1)
                                .depth(1)
                                .questions(1)
                                .delegationCycles(1))
                        .keySet());
    }

    private static <E extends Enum<E>> Map<String, Integer> numbered(
            E[] constants, java.util.function.ToIntFunction<E> code) {
        Map<String, Integer> numbered = new LinkedHashMap<>();
        for (E constant : constants) {
            numbered.put(page(constant), code.applyAsInt(constant));
        }
        return numbered;
    }

    /** The numbers themselves, so that nobody changes function and page together. */
    @Test
    void digest_ofKnownNumbersAndFacts_neverChanges() {
        assertThat(Digest.add(0, 0)).isEqualTo(0xe220a8397b1dcdafL);
        assertThat(Digest.add(Digest.add(0, 1), -1)).isEqualTo(GOLDEN_TWO);
        assertThat(Digest.of("Größe")).isEqualTo(GOLDEN_NAME);
        RunDigest digest = new RunDigest(FactCodecTest.PLAN);
        digest.add(new Fact.Started(AT, "task"), events().subList(0, 17), 3);
        digest.add(new Fact.StepSettled(AT, 1, null, null, null, Usage.NONE, null), List.of(), 4);
        assertThat(digest.value()).isEqualTo(GOLDEN_RUN);
    }

    private static final long GOLDEN_TWO = 0xa562df66c82c649aL;
    private static final long GOLDEN_NAME = 0x0a7036cc02cbc564L;
    private static final long GOLDEN_RUN = 0x409b497b358b9982L;
}
