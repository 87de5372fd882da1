package io.flotilla.samples.modules;

import static org.assertj.core.api.Assumptions.assumeThat;

import io.flotilla.step.StepEngine;
import io.flotilla.testkit.Scenario;
import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the build made, jars or folders of classes, seen as modules. */
final class BuiltModules {

    private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();
    private static final Set<String> APPLICATIONS = Set.of("samples", "benchmarks");
    private static final Pattern DECLARATION = Pattern.compile("^(?:open )?module ([\\w.]+) \\{", Pattern.MULTILINE);

    private BuiltModules() {}

    /** All of the class path that can stand on a module path: jars, and folders with a descriptor. */
    static List<Path> modulePath() throws URISyntaxException {
        assumeThat(folderOf(StepEngine.class))
                .as("the classes of all modules are in one folder")
                .isNotEqualTo(folderOf(Scenario.class));
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(each -> Files.isRegularFile(each) || Files.exists(each.resolve("module-info.class")))
                .toList();
    }

    /** Modules of the project and of libraries. */
    static Set<ModuleReference> all() throws URISyntaxException {
        return ModuleFinder.of(modulePath().toArray(Path[]::new)).findAll();
    }

    /** The name in the descriptor of each folder of the project that becomes a jar for others; empty without one. */
    static Set<String> namesInSources() throws IOException {
        try (Stream<Path> files = Files.walk(PROJECT, 3)) {
            return files.filter(each -> each.endsWith("pom.xml"))
                    .map(Path::getParent)
                    .filter(folder -> Files.isDirectory(folder.resolve("src/main/java")))
                    .filter(folder ->
                            !APPLICATIONS.contains(folder.getFileName().toString()))
                    .map(BuiltModules::nameIn)
                    .collect(Collectors.toSet());
        }
    }

    private static String nameIn(Path folder) {
        try {
            Matcher name = DECLARATION.matcher(Files.readString(folder.resolve("src/main/java/module-info.java")));
            return name.find() ? name.group(1) : "none declared in " + folder;
        } catch (IOException cause) {
            return "no src/main/java/module-info.java in " + folder;
        }
    }

    private static Path folderOf(Class<?> type) throws URISyntaxException {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
    }
}
