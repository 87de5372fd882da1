package io.flotilla.samples.modules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Requires;
import java.lang.module.ModuleDescriptor.Requires.Modifier;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;

/**
 * Which modules a module requires: those that its classes use, and transitively those whose types are in its API. What it
 * requires {@code static} is left out: annotations and options, which class files do not tell apart.
 */
final class Requirements {

    private static final ToolProvider JDEPS = ToolProvider.findFirst("jdeps").orElseThrow();

    private Requirements() {}

    /** By module, as the descriptors declare it. */
    static Map<String, Set<String>> declared(Collection<ModuleDescriptor> modules) {
        Map<String, Set<String>> declared = new TreeMap<>();
        for (ModuleDescriptor module : modules) {
            declared.put(
                    module.name(),
                    module.requires().stream()
                            .filter(each -> !each.modifiers().contains(Modifier.STATIC))
                            .map(each ->
                                    (each.modifiers().contains(Modifier.TRANSITIVE) ? "transitive " : "") + each.name())
                            .collect(Collectors.toCollection(TreeSet::new)));
        }
        return declared;
    }

    /** By module, as jdeps finds it in the class files. */
    static Map<String, Set<String>> needed(Collection<ModuleDescriptor> modules, Collection<Path> modulePath) {
        String names = modules.stream().map(ModuleDescriptor::name).collect(Collectors.joining(","));
        String path = modulePath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        StringWriter said = new StringWriter();
        PrintWriter to = new PrintWriter(said);
        int code = JDEPS.run(to, to, "--module-path", path, "--multi-release", "17", "--check", names);
        assertThat(code).as("jdeps: %s", said).isZero();

        Map<String, Set<String>> needed = suggested(said.toString());
        for (ModuleDescriptor module : modules) {
            for (Requires each : module.requires()) {
                if (each.modifiers().contains(Modifier.STATIC)) {
                    needed.get(module.name()).remove(each.name());
                    needed.get(module.name()).remove("transitive " + each.name());
                }
            }
        }
        return needed;
    }

    /** For each module a line with its name, then three titles in brackets: declared, suggested, and without the implied. */
    private static Map<String, Set<String>> suggested(String report) {
        Map<String, Set<String>> suggested = new TreeMap<>();
        Set<String> current = new TreeSet<>();
        int title = 0;
        for (String line : report.lines().filter(each -> !each.isBlank()).toList()) {
            if (!line.startsWith(" ")) {
                current = suggested.computeIfAbsent(line.substring(0, line.indexOf(' ')), any -> new TreeSet<>());
                title = 0;
            } else if (line.strip().startsWith("[")) {
                title++;
            } else if (title == 2) {
                current.add(line.strip().replaceAll("^requires (mandated )?|;$", ""));
            }
        }
        return suggested;
    }
}
