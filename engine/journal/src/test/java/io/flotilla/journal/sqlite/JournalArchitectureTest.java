package io.flotilla.journal.sqlite;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the module shows, what it stands on, and what it never does. */
class JournalArchitectureTest {

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_JARS)
            .importPackages("io.flotilla.journal.sqlite", "io.flotilla.journal.json", "io.flotilla.journal.jackson");

    @Test
    void publicTypes_areTheJournalAndTheCodec() {
        assertThat(MAIN.stream()
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(JavaClass::getSimpleName))
                .containsExactlyInAnyOrder(
                        "SqliteJournal", "Builder", "JsonPayloadCodec", "Builder", "RunsModule", "RunsModule2");
        assertThat(MAIN).hasSizeGreaterThan(15);
    }

    @Test
    void signatures_ofPublicMethods_showNothingOfSqliteOrJackson() {
        Stream<JavaCodeUnit> visible = MAIN.stream()
                .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                .filter(type -> !type.getPackageName().endsWith(".jackson")) // they are for Jackson
                .flatMap(type -> type.getCodeUnits().stream())
                .filter(unit -> unit.getModifiers().contains(JavaModifier.PUBLIC));

        assertThat(visible.flatMap(unit -> Stream.concat(
                                unit.getReturnType().getAllInvolvedRawTypes().stream(),
                                unit.getRawParameterTypes().stream()))
                        .map(JavaClass::getPackageName))
                .noneMatch(name ->
                        name.startsWith("org.sqlite") || name.startsWith("java.sql") || name.startsWith("tools."));
    }

    @Test
    void dependencies_ofTheModule_areTheInterfaceAndSqlite() {
        classes()
                .that()
                .resideInAPackage("io.flotilla.journal.sqlite")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "io.flotilla",
                        "io.flotilla.journal",
                        "io.flotilla.journal.json",
                        "io.flotilla.journal.sqlite",
                        "org.sqlite",
                        "reactor..",
                        "org.reactivestreams",
                        "org.slf4j",
                        "org.jspecify.annotations",
                        "java..",
                        ""))
                .check(MAIN);
    }

    @Test
    void dependencies_ofTheCodec_areTheInterfaceAndJackson() {
        classes()
                .that()
                .resideInAPackage("io.flotilla.journal.json")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "io.flotilla",
                        "io.flotilla.journal",
                        "io.flotilla.journal.json",
                        "tools.jackson..",
                        "org.jspecify.annotations",
                        "java..",
                        ""))
                .check(MAIN);
    }

    @Test
    void dependencies_ofTheJacksonModules_areEachOnItsVersion() {
        classes()
                .that()
                .resideInAPackage("io.flotilla.journal.jackson")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "io.flotilla.run",
                        "io.flotilla.step",
                        "io.flotilla.journal.jackson",
                        "tools.jackson..",
                        "com.fasterxml.jackson..",
                        "org.jspecify.annotations",
                        "java..",
                        ""))
                .check(MAIN);
        assertThat(MAIN.stream()
                        .filter(type -> type.getDirectDependenciesFromSelf().stream()
                                .anyMatch(found ->
                                        found.getTargetClass().getPackageName().startsWith("com.fasterxml.")))
                        .map(JavaClass::getName))
                .as("Jackson 2 may be missing for all others")
                .allMatch(name -> name.startsWith("io.flotilla.journal.jackson.RunsModule2"));
    }

    @Test
    void packages_areNullMarked() {
        assertThat(MAIN.stream()
                        .filter(type -> type.getSimpleName().equals("package-info"))
                        .filter(type -> type.isAnnotatedWith(NullMarked.class)))
                .hasSize(3);
    }

    private static List<String> accesses(String to) {
        return accesses(to, "");
    }

    private static List<String> accesses(String to, String except) {
        Pattern pattern = Pattern.compile(to);
        return MAIN.stream()
                .filter(type -> !type.getSimpleName().equals(except))
                .flatMap(any -> Stream.concat(
                        any.getAccessesFromSelf().stream().map(JavaAccess::getTarget),
                        any.getCodeUnitReferencesFromSelf().stream().map(JavaAccess::getTarget)))
                .map(target -> target.getOwner().getName() + '.' + target.getName())
                .distinct()
                .filter(name -> pattern.matcher(name).matches())
                .toList();
    }

    @Test
    void accesses_ofSomethingThatIsUsed_areFound() {
        assertThat(accesses("reactor\\.core\\.publisher\\.(Mono|Flux)\\.(defer|using)"))
                .as("else the rules below find nothing whatever is there")
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "reactor\\.core\\.publisher\\.Hooks\\..*",
                "reactor\\.core\\.publisher\\.(Mono|Flux)\\.(block.*|toIterable|toStream|onErrorContinue)",
                "reactor\\.core\\.publisher\\.Sinks\\.(many|unsafe)",
                "reactor\\.util\\.concurrent\\.Queues\\..*",
                "java\\.util\\.concurrent\\.(Linked.*Queue|Linked.*Deque|Concurrent.*Queue|Concurrent.*Deque)\\..*",
                "java\\.lang\\.Thread\\.(sleep|interrupt|stop)",
                "java\\.util\\.concurrent\\.ThreadPoolExecutor\\.shutdownNow",
                "java\\.lang\\.System\\.(out|err|exit|getProperty|getenv)",
                "java\\.lang\\.Throwable\\.printStackTrace",
                "java\\.lang\\.ThreadLocal\\..*",
                "java\\.io\\.Object(Input|Output)Stream\\..*",
                "java\\.lang\\.Class\\.forName"
            })
    void code_neverUses(String forbidden) {
        assertThat(accesses(forbidden)).isEmpty();
    }

    @Test
    void clock_isReadByNobodyButTheFileWatch() {
        String clocks =
                "java\\.time\\.(Instant|Clock)\\.(now|system.*)|java\\.lang\\.System\\.(nanoTime|currentTimeMillis)";

        assertThat(accesses(clocks, "FileWatch")).isEmpty();
        assertThat(accesses(clocks)).as("when did the folder change").containsExactly("java.time.Instant.now");
    }
}
