package io.flotilla.run;

import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What some places of a topology have besides an agent.
 *
 * @param nested a workflow instead of it
 * @param reconcilers who knows of steps that were in flight when the process died
 */
record Places(Map<String, Workflow<?, ?>> nested, Map<String, InDoubtAgent.Reconciled> reconcilers) {

    /** The nested workflows, and those nested in them. */
    Set<Workflow<?, ?>> allNested() {
        Set<Workflow<?, ?>> all = new HashSet<>();
        add(nested.values(), all);
        return all;
    }

    private static void add(Collection<Workflow<?, ?>> workflows, Set<Workflow<?, ?>> all) {
        for (Workflow<?, ?> workflow : workflows) {
            if (all.add(workflow)) {
                add(workflow.setup().places().nested().values(), all);
            }
        }
    }
}
