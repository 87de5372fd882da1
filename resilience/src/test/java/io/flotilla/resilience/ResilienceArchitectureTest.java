package io.flotilla.resilience;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaAnnotation;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the module shows, what it stands on, and what it never does. */
class ResilienceArchitectureTest {

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.flotilla.resilience");

    private static boolean isPublic(JavaClass of) {
        return of.getModifiers().contains(JavaModifier.PUBLIC)
                && of.getEnclosingClass()
                        .map(ResilienceArchitectureTest::isPublic)
                        .orElse(true);
    }

    private static boolean isVisible(JavaMember member) {
        return isPublic(member.getOwner())
                && (member.getModifiers().contains(JavaModifier.PUBLIC)
                        || member.getModifiers().contains(JavaModifier.PROTECTED));
    }

    /** Everything a user of the module can see: methods, constructors, fields. */
    private static List<JavaMember> visible() {
        return MAIN.stream()
                .flatMap(any -> any.getMembers().stream())
                .filter(ResilienceArchitectureTest::isVisible)
                .toList();
    }

    private static Set<JavaClass> typesOf(JavaMember member) {
        Stream<JavaClass> types;
        if (member instanceof JavaCodeUnit unit) {
            types = Stream.of(
                            unit.getParameterTypes().stream().flatMap(any -> any.getAllInvolvedRawTypes().stream()),
                            unit.getReturnType().getAllInvolvedRawTypes().stream(),
                            unit.getExceptionTypes().stream(),
                            unit.getTypeParameters().stream().flatMap(any -> any.getAllInvolvedRawTypes().stream()))
                    .flatMap(any -> any);
        } else {
            types = ((JavaField) member).getType().getAllInvolvedRawTypes().stream();
        }
        return types.collect(Collectors.toSet());
    }

    private static List<String> membersThatShow(String packagePrefix) {
        return visible().stream()
                .filter(member -> typesOf(member).stream()
                        .anyMatch(type -> type.getPackageName().startsWith(packagePrefix)))
                .map(member -> member.getOwner().getSimpleName() + '.' + member.getName())
                .toList();
    }

    // --- what it shows

    @Test
    void module_isImported_hasClasses() {
        assertThat(MAIN).hasSizeGreaterThan(30);
        assertThat(visible()).hasSizeGreaterThan(80);
    }

    @Test
    void signatures_ofResilience4j_areInTheOneDocumentedPlace() {
        assertThat(membersThatShow("io.github.resilience4j")).containsExactly("Builder.registries");
    }

    @Test
    void signatures_ofMicrometer_areRegistriesTheUserHandsInAndTheDocsOfMeters() {
        assertThat(membersThatShow("io.micrometer"))
                .filteredOn(member -> !member.startsWith("ResilienceMeter."))
                .containsExactly("Builder.meterRegistry");
        assertThat(visible().stream()
                        .filter(member -> !member.getOwner().getSimpleName().equals("ResilienceMeter"))
                        .flatMap(member -> typesOf(member).stream())
                        .filter(type -> type.getPackageName().startsWith("io.micrometer"))
                        .map(JavaClass::getName))
                .containsOnly(MeterRegistry.class.getName());
    }

    @Test
    void superTypes_ofPublicClasses_areNoneOfResilience4jOrMicrometer() {
        noClasses()
                .that(DescribedPredicate.describe("can be seen", ResilienceArchitectureTest::isPublic))
                .and(DescribedPredicate.describe(
                        "document no meters", any -> !any.getName().contains("ResilienceMeter")))
                .should()
                .beAssignableTo(resideInAnyPackage("io.github.resilience4j..", "io.micrometer.."))
                .check(MAIN);
    }

    @Test
    void publicClasses_areFinal() {
        classes()
                .that(DescribedPredicate.describe("can be seen", ResilienceArchitectureTest::isPublic))
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

    // --- what it stands on

    @Test
    void dependencies_ofTheModule_pointDownToTheCore() {
        classes()
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "io.flotilla",
                        "io.flotilla.agent",
                        "io.flotilla.health",
                        "io.flotilla.step",
                        "io.flotilla.resilience..",
                        "io.github.resilience4j..",
                        "io.micrometer.common.docs",
                        "io.micrometer.core.instrument..",
                        "reactor..",
                        "org.reactivestreams",
                        "org.slf4j",
                        "org.jspecify.annotations",
                        "java..",
                        ""))
                .check(MAIN);
    }

    @Test
    void dependencies_ofTheCore_neverPointUpToTheModule() {
        JavaClasses core = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("io.flotilla.agent", "io.flotilla.step", "io.flotilla.observe");

        noClasses()
                .should()
                .dependOnClassesThat(resideInAnyPackage("io.flotilla.resilience..", "io.github.resilience4j.."))
                .check(core);
    }

    @Test
    void packages_haveNoCycles() {
        SlicesRuleDefinition.slices()
                .matching("io.flotilla.(**)")
                .should()
                .beFreeOfCycles()
                .check(MAIN);
    }

    // --- what it never does

    /** Whatever is called or read, also through {@code ::}, as {@code package.Class.member}. */
    private static List<String> accesses(Pattern to) {
        return MAIN.stream()
                .flatMap(any -> Stream.concat(
                        any.getAccessesFromSelf().stream().map(JavaAccess::getTarget),
                        any.getCodeUnitReferencesFromSelf().stream().map(JavaAccess::getTarget)))
                .map(target -> target.getOwner().getName() + '.' + target.getName())
                .distinct()
                .filter(name -> to.matcher(name).matches())
                .toList();
    }

    @Test
    void accesses_ofSomethingThatIsUsed_areFound() {
        assertThat(accesses(Pattern.compile("reactor\\.core\\.publisher\\.Mono\\.(create|error)")))
                .as("else the rules below find nothing whatever is there")
                .hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "reactor\\.core\\.publisher\\.Hooks\\..*",
                "reactor\\.core\\.publisher\\.(Mono|Flux)\\.(block|blockFirst|blockLast|blockOptional|toIterable|toStream)",
                "reactor\\.core\\.publisher\\.(Mono|Flux)\\.(onErrorContinue|onErrorStop)",
                "reactor\\.core\\.publisher\\.(Mono|Flux)\\.transform",
                "reactor\\.core\\.publisher\\.Sinks\\$.*\\.(onBackpressureBuffer|unicast|replay)",
                "reactor\\.util\\.concurrent\\.Queues\\.(unbounded.*)",
                "java\\.util\\.concurrent\\.(Linked.*Queue|Linked.*Deque|Concurrent.*Queue|Concurrent.*Deque)\\..*",
                "java\\.lang\\.Thread\\.(sleep|join|start|<init>)",
                "java\\.lang\\.Object\\.(wait|notify|notifyAll)",
                "java\\.util\\.concurrent\\.locks\\.LockSupport\\..*",
                "java\\.util\\.concurrent\\.CountDownLatch\\..*",
                "java\\.util\\.concurrent\\.(CompletableFuture|Future)\\.(get|join)",
                "java\\.lang\\.System\\.(out|err|exit)",
                "java\\.lang\\.Throwable\\.printStackTrace",
                "java\\.lang\\.(Inheritable)?ThreadLocal\\..*",
                "java\\.io\\.Object(Input|Output)Stream\\..*",
                "reactor\\.core\\.publisher\\.Mono\\.(delay|delayElement|delaySubscription|timeout)",
                "reactor\\.core\\.publisher\\.Flux\\.(interval|delayElements|timeout)",
                "java\\.time\\.Instant\\.now",
                "java\\.lang\\.System\\.(nanoTime|currentTimeMillis)"
            })
    void code_neverUses(String forbidden) {
        assertThat(accesses(Pattern.compile(forbidden))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "java\\.lang\\.System\\.(getProperty|getProperties|getenv|setProperty)",
                "java\\.lang\\.(Integer\\.getInteger|Long\\.getLong|Boolean\\.getBoolean)",
                "java\\.util\\.ServiceLoader\\..*",
                "java\\.lang\\.Class\\.(forName|getResource|getResourceAsStream)",
                "java\\.nio\\.file\\..*",
                "java\\.util\\.(Properties|prefs\\..*|ResourceBundle)\\..*"
            })
    void chaos_cannotBeTurnedOnFromOutside(String switchedBy) {
        assertThat(accesses(Pattern.compile(switchedBy)))
                .as("chaos is built in by an explicit object or not at all")
                .isEmpty();
    }

    @Test
    void chaos_isUsedByNothingElse() {
        noClasses()
                .that(DescribedPredicate.not(resideInAPackage("io.flotilla.resilience")
                        .and(DescribedPredicate.describe(
                                "are of chaos",
                                (JavaClass any) -> any.getName().contains(".Chaos")
                                        || any.getName().contains(".InjectedFault")))))
                .should()
                .dependOnClassesThat()
                .haveNameMatching("io\\.flotilla\\.resilience\\.(Chaos|InjectedFault).*")
                .check(MAIN);
    }
}
