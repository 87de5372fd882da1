package io.flotilla.testkit;

import io.flotilla.Experimental;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The result of a scenario. Immutable.
 *
 * @param name the scenario's name
 * @param passed whether there are no differences
 * @param differences the differences, one sentence each
 * @since 0.1
 */
@Experimental
public record ScenarioReport(String name, boolean passed, List<String> differences) {

    /**
     * Copies the list.
     *
     * @param name the scenario's name
     * @param passed whether there are no differences
     * @param differences the differences
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code passed} contradicts {@code differences}
     */
    public ScenarioReport {
        Objects.requireNonNull(name, "name");
        differences = List.copyOf(differences);
        if (passed != differences.isEmpty()) {
            throw new IllegalArgumentException("passed = " + passed + " with differences " + differences);
        }
    }

    static ScenarioReport of(String name, List<String> differences) {
        return new ScenarioReport(name, differences.isEmpty(), differences);
    }

    /**
     * Throws if there are differences, as the last line of a test.
     *
     * @throws AssertionError with all differences
     */
    public void orThrow() {
        if (!passed) {
            throw new AssertionError(this);
        }
    }

    /**
     * The report as a line of JSON.
     *
     * @return {@code {"name":..., "passed":..., "differences":[...]}}, ASCII only
     */
    public String toJson() {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("name", name);
        line.put("passed", passed);
        line.put("differences", differences);
        return Json.write(line);
    }

    /** The name, and the differences, a line each. */
    @Override
    public String toString() {
        return passed ? name + ": passed" : name + ":\n  " + String.join("\n  ", differences);
    }
}
