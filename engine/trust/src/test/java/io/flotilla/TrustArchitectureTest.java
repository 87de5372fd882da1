package io.flotilla;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaAnnotation;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the module stands on, and what it never does. */
class TrustArchitectureTest {

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.flotilla.security");

    private static boolean isPublic(JavaClass of) {
        return of.getModifiers().contains(JavaModifier.PUBLIC)
                && of.getEnclosingClass().map(TrustArchitectureTest::isPublic).orElse(true);
    }

    @Test
    void module_isImported_hasClasses() {
        assertThat(MAIN).hasSizeGreaterThan(2);
    }

    @Test
    void dependencies_ofTheModule_areCoreTeamsAndTheJdk() {
        classes()
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "io.flotilla",
                        "io.flotilla.agent",
                        "io.flotilla.journal",
                        "io.flotilla.message",
                        "io.flotilla.security",
                        "io.flotilla.step",
                        "io.micrometer.common.docs",
                        "io.micrometer.core.instrument..",
                        "reactor..",
                        "org.reactivestreams",
                        "org.jspecify.annotations",
                        "java..",
                        "javax.crypto..",
                        ""))
                .check(MAIN);
    }

    @Test
    void publicClasses_areFinal() {
        classes()
                .that(DescribedPredicate.describe("can be seen", TrustArchitectureTest::isPublic))
                .and()
                .areNotInterfaces()
                .and(DescribedPredicate.describe("are no enums", any -> !any.isEnum()))
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(MAIN);
    }

    @Test
    void packages_areAllNullMarked() {
        List<String> notMarked = new ArrayList<>();
        MAIN.stream().map(JavaClass::getPackage).distinct().forEach(any -> {
            boolean marked = any.getAnnotations().stream()
                    .map(JavaAnnotation::getRawType)
                    .anyMatch(type -> type.isEquivalentTo(NullMarked.class));
            if (!marked) {
                notMarked.add(any.getName());
            }
        });

        assertThat(notMarked).isEmpty();
    }

    /** Whatever is called or read, also through {@code ::}, as {@code package.Class.member}, and by whom. */
    private static List<String> accesses(Pattern to) {
        return MAIN.stream()
                .flatMap(any -> Stream.concat(
                                any.getAccessesFromSelf().stream().map(JavaAccess::getTarget),
                                any.getCodeUnitReferencesFromSelf().stream().map(JavaAccess::getTarget))
                        .map(target ->
                                any.getSimpleName() + ": " + target.getOwner().getName() + '.' + target.getName()))
                .distinct()
                .filter(name ->
                        to.matcher(name.substring(name.indexOf(": ") + 2)).matches())
                .toList();
    }

    @Test
    void accesses_ofSomethingThatIsUsed_areFound() {
        assertThat(accesses(Pattern.compile("java\\.security\\.MessageDigest\\.isEqual")))
                .as("else the rules below find nothing whatever is there")
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "reactor\\.core\\.publisher\\.Hooks\\..*",
                "reactor\\.core\\.publisher\\.(Mono|Flux)\\.(block|blockFirst|blockLast|blockOptional|toIterable|toStream)",
                "reactor\\.core\\.publisher\\.(Mono|Flux)\\.(onErrorContinue|onErrorStop)",
                "reactor\\.core\\.publisher\\.(Mono|Flux)\\.transform",
                "reactor\\.core\\.publisher\\.Sinks\\$.*\\.(unicast|replay)",
                "reactor\\.util\\.concurrent\\.Queues\\.(unbounded.*)",
                "java\\.util\\.concurrent\\.(Concurrent.*Queue|Concurrent.*Deque)\\..*",
                "java\\.lang\\.Thread\\.(sleep|join)",
                "java\\.lang\\.Object\\.(wait|notify|notifyAll)",
                "java\\.util\\.concurrent\\.locks\\.LockSupport\\..*",
                "java\\.util\\.concurrent\\.CountDownLatch\\..*",
                "java\\.util\\.concurrent\\.(CompletableFuture|Future)\\.(get|join)",
                "java\\.lang\\.System\\.(out|err|exit)",
                "java\\.lang\\.Throwable\\.printStackTrace",
                "java\\.lang\\.(Inheritable)?ThreadLocal\\..*",
                "java\\.io\\.Object(Input|Output)Stream\\..*",
                "java\\.time\\.Instant\\.now",
                "java\\.lang\\.System\\.(nanoTime|currentTimeMillis)"
            })
    void code_neverUses(String forbidden) {
        assertThat(accesses(Pattern.compile(forbidden))).isEmpty();
    }

    /** What compares secrets says early where they differ; {@code MessageDigest.isEqual} does not. */
    @Test
    void bytes_areComparedInConstantTime() {
        assertThat(accesses(Pattern.compile("java\\.util\\.Arrays\\.(equals|compare|mismatch)")))
                .isEmpty();
    }
}
