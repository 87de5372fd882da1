package io.flotilla.run;

import io.flotilla.journal.Journal;
import io.flotilla.topology.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is wrong with the workflows that are nested in one that is to be built; in words. */
final class NestingErrors {

    private final WorkflowSettings outer;
    private final Map<String, Workflow<?, ?>> nested;

    NestingErrors(WorkflowSettings outer, Map<String, Workflow<?, ?>> nested) {
        this.outer = outer;
        this.nested = nested;
    }

    List<String> find() {
        List<String> errors = new ArrayList<>();
        nested.forEach((place, workflow) -> {
            checkNames(workflow, place, errors);
            checkJournal(place, workflow, errors);
            if (outer.topology.agents().contains(place)) {
                checkTypes(place, workflow, errors);
            }
            if (outer.reconcilers.containsKey(place)) {
                errors.add("agent " + place + " is a workflow, whose run is found again: it needs no reconciler");
            }
        });
        return errors;
    }

    /** A name tells the runs of a workflow from others in a journal. */
    private void checkNames(Workflow<?, ?> workflow, String path, List<String> errors) {
        boolean isNamed = !workflow.name().equals(Workflow.DEFAULT_NAME);
        if (workflow.name().equals(outer.name) && (isNamed || outer.journal != null)) {
            errors.add(
                    isNamed
                            ? "workflow " + outer.name + " is nested in itself: " + outer.name + " > " + path
                            : "the workflow at " + path + " has no name, nor has the one it is nested in:"
                                    + " give one of them a name, by which the journal tells their runs apart");
        }
        workflow.setup().places().nested().forEach((inner, deeper) -> checkNames(deeper, path + " > " + inner, errors));
    }

    @SuppressWarnings("ReferenceEquality") // the same object is the same journal
    private void checkJournal(String place, Workflow<?, ?> workflow, List<String> errors) {
        FactRecorder.Recording own = workflow.setup().recording();
        Journal journal = own == null ? null : own.journal();
        if (journal != null && journal != outer.journal) {
            errors.add("the workflow at " + place
                    + " has another journal than the one it is nested in: leave it out there");
        }
    }

    private void checkTypes(String place, Workflow<?, ?> workflow, List<String> errors) {
        Topology topology = outer.topology;
        Class<?> task = workflow.taskType();
        if (topology.successors(Topology.START).contains(place) && areStrangers(task, outer.taskType)) {
            errors.add("the workflow at " + place + " takes a " + task.getName() + ", and the task is a "
                    + outer.taskType.getName());
        }
        Class<?> answer = workflow.plan().answerType();
        List<String> successors = List.copyOf(topology.successors(place));
        boolean isLast = successors.size() == 1 && successors.get(0).equals(Topology.END);
        if (isLast && areStrangers(answer, outer.answerType)) {
            errors.add("the workflow at " + place + " answers with a " + answer.getName() + ", and the run with a "
                    + outer.answerType.getName());
        }
    }

    /** No value is of both. */
    private static boolean areStrangers(@Nullable Class<?> one, Class<?> other) {
        return one != null
                && !one.isInterface()
                && !other.isInterface()
                && !one.isAssignableFrom(other)
                && !other.isAssignableFrom(one);
    }
}
