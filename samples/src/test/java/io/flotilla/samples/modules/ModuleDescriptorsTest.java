package io.flotilla.samples.modules;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleReference;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What every {@code module-info} of the project has to say. A module missing here is missing in samples' test dependencies. */
class ModuleDescriptorsTest {

    private static Set<ModuleReference> all;
    private static List<ModuleReference> ours;

    /** The packages with a public type of their own. */
    private static Set<String> withPublicTypes(ModuleReference module) throws IOException {
        try (var reader = module.open();
                var entries = reader.list()) {
            return entries.filter(each -> each.endsWith(".class") && !each.endsWith("-info.class"))
                    .map(each ->
                            each.substring(0, each.length() - ".class".length()).replace('/', '.'))
                    .filter(each -> !each.contains("$"))
                    .filter(ModuleDescriptorsTest::isPublic)
                    .map(each -> each.substring(0, each.lastIndexOf('.')))
                    .collect(Collectors.toSet());
        }
    }

    private static boolean isPublic(String type) {
        try {
            ClassLoader loader = ModuleDescriptorsTest.class.getClassLoader();
            return Modifier.isPublic(Class.forName(type, false, loader).getModifiers());
        } catch (ClassNotFoundException cause) {
            throw new IllegalStateException(cause);
        }
    }

    @BeforeAll
    static void find() throws URISyntaxException {
        all = BuiltModules.all();
        ours = all.stream()
                .filter(each -> each.descriptor().name().startsWith("io.flotilla."))
                .toList();
    }

    private static List<ModuleDescriptor> descriptors() {
        return ours.stream().map(ModuleReference::descriptor).toList();
    }

    @Test
    void descriptors_ofTheProject_areThereForEveryJarOthersUse() throws IOException {
        assertThat(descriptors().stream().filter(each -> !each.isAutomatic()).map(ModuleDescriptor::name))
                .as("modules with a descriptor on the class path of the samples' tests")
                .containsExactlyInAnyOrderElementsOf(BuiltModules.namesInSources())
                .contains("io.flotilla.core");
    }

    @Test
    void exports_ofEachModule_areItsPackagesWithPublicTypes() throws IOException {
        for (ModuleReference module : ours) {
            Set<String> withPublicTypes = withPublicTypes(module);
            assertThat(withPublicTypes).isNotEmpty();
            assertThat(Exports.faults(module.descriptor(), withPublicTypes))
                    .as("module-info of %s", module.descriptor().name())
                    .isEmpty();
        }
    }

    @Test
    void requirements_ofEachModule_areWhatItsClassesUse() throws URISyntaxException {
        assertThat(Requirements.declared(descriptors()))
                .as("module-infos; expected is what jdeps suggests")
                .isEqualTo(Requirements.needed(descriptors(), BuiltModules.modulePath()))
                .containsKey("io.flotilla.core");
    }

    @Test
    void packages_ofAllJars_areInOneJarOnly() {
        Map<String, Set<String>> modules = new TreeMap<>();
        for (ModuleReference module : all) {
            for (String name : module.descriptor().packages()) {
                modules.computeIfAbsent(name, any -> new TreeSet<>())
                        .add(module.descriptor().name());
            }
        }

        assertThat(modules).containsKeys("io.flotilla.step", "io.flotilla.resilience", "reactor.core.publisher");
        modules.values().removeIf(each -> each.size() == 1);
        assertThat(modules).as("packages, and the modules that share them").isEmpty();
    }

    // --- the rule finds what breaks it

    private static ModuleDescriptor.Builder module(String... packages) {
        return ModuleDescriptor.newModule("io.flotilla.some").packages(Set.of(packages));
    }

    @Test
    void exports_notOfAPackageWithAPublicType_areAFault() {
        assertThat(Exports.faults(module("a", "b").exports("a").build(), Set.of("a", "b")))
                .containsExactly("b has a public type, and is not exported");
    }

    @Test
    void exports_toOneModuleOfAPackageWithAPublicType_areAFault() {
        assertThat(Exports.faults(
                        module("a").exports("a", Set.of("io.flotilla.other")).build(), Set.of("a")))
                .containsExactly("a has a public type, and is not exported");
    }

    @Test
    void exports_ofAPackageWithoutAPublicType_areAFault() {
        assertThat(Exports.faults(module("a").exports("a").build(), Set.of()))
                .containsExactly("a has no public type, and is exported");
    }

    @Test
    void exports_ofAnInternalPackage_areAFault() {
        assertThat(Exports.faults(module("a.internal").exports("a.internal").build(), Set.of("a.internal")))
                .containsExactly("a.internal is internal, and exported");
        assertThat(Exports.faults(
                        module("a.internal.b")
                                .exports("a.internal.b", Set.of("io.flotilla.other", "other"))
                                .build(),
                        Set.of("a.internal.b")))
                .containsExactly("a.internal.b is internal, and exported");
    }

    @Test
    void exports_ofAnInternalPackageToOurModules_areNone() {
        assertThat(Exports.faults(
                        module("a.internal", "b.internal")
                                .exports("a.internal", Set.of("io.flotilla.other"))
                                .build(),
                        Set.of("a.internal", "b.internal")))
                .isEqualTo(List.of());
    }
}
