package io.flotilla.samples.modules;

import java.lang.module.ModuleDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which packages a module exports: all with a public type, to everybody; but those with {@code internal} in their name
 * to modules of the project only, and those without a public type to nobody.
 */
final class Exports {

    private Exports() {}

    /**
     * What is wrong with a descriptor.
     *
     * @param module the descriptor
     * @param withPublicTypes those of its packages that have a public type
     * @return a line for each package, in order
     */
    static List<String> faults(ModuleDescriptor module, Set<String> withPublicTypes) {
        List<String> faults = new ArrayList<>();
        for (String name : new TreeSet<>(module.packages())) {
            boolean toAll =
                    module.exports().stream().anyMatch(each -> each.source().equals(name) && !each.isQualified());
            boolean toOthers = module.exports().stream()
                    .filter(each -> each.source().equals(name))
                    .flatMap(each -> each.targets().stream())
                    .anyMatch(target -> !target.startsWith("io.flotilla."));
            if (isInternal(name)) {
                if (toAll || toOthers) {
                    faults.add(name + " is internal, and exported");
                }
            } else if (toAll && !withPublicTypes.contains(name)) {
                faults.add(name + " has no public type, and is exported");
            } else if (!toAll && withPublicTypes.contains(name)) {
                faults.add(name + " has a public type, and is not exported");
            }
        }
        return faults;
    }

    private static boolean isInternal(String name) {
        return List.of(name.split("\\.")).contains("internal");
    }
}
