package io.flotilla;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.targetOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.conditions.ArchConditions.accessTargetWhere;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaTypeVariable;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.flotilla.arch.Offenders;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.reactivestreams.Publisher;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Sinks;
import reactor.util.concurrent.Queues;

/** What holds for the whole library, and that each of these rules finds what breaks it. */
class ArchitectureTest {

    private static final String ROOT = "io.flotilla";
    private static final String MACHINE_PACKAGE = ROOT + ".run.machine";

    /** Dependencies run down this list, never up; the packages of a line do not know of each other. */
    private static final List<List<String>> LEVELS = List.of(
            List.of("run"),
            List.of("team"),
            List.of("message"),
            List.of("simulation"),
            List.of("step"),
            List.of("topology"),
            List.of("agent"),
            List.of("state", "journal", "health", "security", "observe", "internal"),
            List.of(""));

    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_JARS)
            .importPackages(ROOT);

    /** {@code io.flotilla.step}; for the root package itself the name alone. */
    private static String packageOf(String root, String part) {
        return part.isEmpty() ? root : root + "." + part + "..";
    }

    private static List<ArchRule> downOnly(String root) {
        List<ArchRule> rules = new ArrayList<>();
        for (int level = 0; level < LEVELS.size(); level++) {
            for (String part : LEVELS.get(level)) {
                List<String> forbidden = new ArrayList<>();
                LEVELS.subList(0, level)
                        .forEach(above -> above.forEach(upper -> forbidden.add(packageOf(root, upper))));
                LEVELS.get(level).stream()
                        .filter(sibling -> !sibling.equals(part))
                        .forEach(sibling -> forbidden.add(packageOf(root, sibling)));
                rules.add(noClasses()
                        .that()
                        .resideInAPackage(packageOf(root, part))
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(forbidden.toArray(String[]::new))
                        .allowEmptyShould(true));
            }
        }
        return rules;
    }

    @Test
    void packages_ofMainCode_areAllOnTheList() {
        Set<String> known = LEVELS.stream()
                .flatMap(List::stream)
                .map(part -> part.isEmpty() ? ROOT : ROOT + "." + part)
                .collect(Collectors.toSet());
        known.add(MACHINE_PACKAGE);

        assertThat(MAIN.stream().map(JavaClass::getPackageName).distinct())
                .isSubsetOf(known)
                .contains("io.flotilla.run", "io.flotilla.step", "io.flotilla.topology", "io.flotilla.agent");
        assertThat(MAIN).hasSizeGreaterThan(30);
    }

    @Test
    void dependencies_ofMainCode_runDownTheList() {
        downOnly(ROOT).forEach(rule -> rule.check(MAIN));
    }

    @Test
    void dependencies_upTheList_areFound() {
        JavaClasses upward = new ClassFileImporter().importPackages("io.flotilla.arch");

        assertThat(downOnly("io.flotilla.arch").stream()
                        .filter(rule -> rule.evaluate(upward).hasViolation()))
                .as("arch.agent depends on arch.step, and arch.topology on arch.run")
                .hasSize(2);
    }

    @Test
    void packages_ofMainCode_haveNoCycles() {
        slices().matching("io.flotilla.(*)..").should().beFreeOfCycles().check(MAIN);
    }

    @Test
    void packages_inACycle_areFound() {
        JavaClasses cycle = new ClassFileImporter().importPackages("io.flotilla.arch");

        assertThat(slices().matching("io.flotilla.arch.(*)..")
                        .should()
                        .beFreeOfCycles()
                        .evaluate(cycle)
                        .hasViolation())
                .isTrue();
    }

    // --- what main code must not call

    private static final Map<String, ArchRule> FORBIDDEN = new LinkedHashMap<>();

    private static void forbid(String what, DescribedPredicate<? super JavaAccess<?>> access, String because) {
        FORBIDDEN.put(
                what, noClasses().should(accessTargetWhere(access.as(what))).because(because));
    }

    private static DescribedPredicate<JavaAccess<?>> of(Class<?> owner, String namePattern) {
        return targetOwner(assignableTo(owner)).and(target(nameMatching(namePattern)));
    }

    private static DescribedPredicate<JavaAccess<?>> withoutArguments(Class<?> owner, String namePattern) {
        return of(owner, namePattern)
                .and(describe(
                        "without arguments",
                        access -> access.getTarget()
                                        instanceof
                                        com.tngtech.archunit.core.domain.AccessTarget.CodeUnitAccessTarget called
                                && called.getRawParameterTypes().isEmpty()));
    }

    private static DescribedPredicate<JavaAccess<?>> originIs(String className) {
        return describe(
                "in " + className, access -> access.getOriginOwner().getName().equals(className));
    }

    static {
        forbid("hooks", of(Hooks.class, "on.*"), "they change Reactor for the whole JVM");
        forbid(
                "blocking",
                of(Publisher.class, "block.*|toIterable|toStream"),
                "the caller's thread is not ours to hold");
        forbid("onErrorContinue", of(Publisher.class, "onErrorContinue"), "it changes operators it was not given to");
        forbid(
                "sinks without a bound",
                withoutArguments(Sinks.MulticastSpec.class, "onBackpressureBuffer")
                        .or(withoutArguments(Sinks.UnicastSpec.class, "onBackpressureBuffer"))
                        .or(withoutArguments(Sinks.MulticastReplaySpec.class, "all"))
                        .or(of(FluxSink.OverflowStrategy.class, "BUFFER"))
                        .or(withoutArguments(Publisher.class, "onBackpressureBuffer|replay|cache")),
                "one slow subscriber would take all memory");
        forbid(
                "queues without a bound",
                // Two have one all the same. The results a round holds: a place is free again only when its result has
                // been delivered, so there are never more of them than the engine's concurrency. The facts a run has
                // not been told yet: as many as it has steps in flight, timers and calls of users; and what else its
                // worker is to do. Nowhere else.
                of(Queues.class, "unbounded.*")
                        .and(DescribedPredicate.not(
                                originIs("io.flotilla.step.Delivery").and(target(name("unboundedMultiproducer")))))
                        .and(DescribedPredicate.not(
                                originIs("io.flotilla.run.RunInbox").and(target(name("unboundedMultiproducer")))))
                        .or(withoutArguments(java.util.concurrent.LinkedBlockingQueue.class, "<init>"))
                        .or(withoutArguments(java.util.concurrent.LinkedBlockingDeque.class, "<init>"))
                        .or(of(java.util.concurrent.ConcurrentLinkedQueue.class, "<init>"))
                        .or(of(java.util.concurrent.ConcurrentLinkedDeque.class, "<init>")),
                "what is not taken out takes all memory");
        forbid(
                "Java serialization",
                of(ObjectInputStream.class, ".*").or(of(ObjectOutputStream.class, ".*")),
                "reading it runs what others wrote");
        forbid("sleeping", of(Thread.class, "sleep"), "a thread that sleeps is held");
        forbid(
                "standard streams",
                of(System.class, "out|err").or(of(Throwable.class, "printStackTrace")),
                "what is to be told goes to the log");
        forbid(
                "thread-locals",
                // That a body keeps a thread is a fact about the thread, not about the step.
                of(ThreadLocal.class, ".*").and(DescribedPredicate.not(originIs("io.flotilla.internal.BlockingLevel"))),
                "a step's identity travels with the step");
    }

    static Set<String> forbidden() {
        return FORBIDDEN.keySet();
    }

    @ParameterizedTest
    @MethodSource("forbidden")
    void mainCode_anywhere_doesWithout(String what) {
        FORBIDDEN.get(what).check(MAIN);
    }

    static Stream<Class<?>> offenders() {
        return Stream.of(Offenders.class.getDeclaredClasses())
                .filter(type -> type.isAnnotationPresent(Offenders.Breaks.class));
    }

    @ParameterizedTest
    @MethodSource("offenders")
    void rule_brokenOnPurpose_findsEveryOffence(Class<?> offender) {
        String what = offender.getAnnotation(Offenders.Breaks.class).value();
        JavaClasses imported = new ClassFileImporter().importClasses(offender);
        JavaClass only = imported.get(offender);

        for (JavaCodeUnit offence : only.getMethods()) {
            if (!offence.getModifiers().contains(JavaModifier.SYNTHETIC)) {
                assertThat(FORBIDDEN
                                .get(what)
                                .evaluate(imported)
                                .getFailureReport()
                                .getDetails())
                        .as("%s", offence.getName())
                        .anyMatch(detail -> detail.contains("." + offence.getName() + "("));
            }
        }
    }

    @Test
    void rule_ofEach_hasAnOffender() {
        assertThat(offenders()
                        .map(offender ->
                                offender.getAnnotation(Offenders.Breaks.class).value()))
                .containsExactlyInAnyOrderElementsOf(FORBIDDEN.keySet());
    }

    @Test
    void unboundedQueues_ofADeliveryAndARunsInbox_areTheOnlyOnesThereAre() {
        assertThat(MAIN.stream()
                        .flatMap(type -> type.getAccessesFromSelf().stream())
                        .filter(access -> access.getTargetOwner().isEquivalentTo(Queues.class))
                        .filter(access -> access.getTarget().getName().startsWith("unbounded"))
                        .map(access -> access.getOriginOwner().getName()))
                .containsExactlyInAnyOrder(
                        "io.flotilla.step.Delivery", "io.flotilla.run.RunInbox", "io.flotilla.run.RunInbox");
    }

    // --- the machine of a run is pure

    /** The values of runs, which the machine and the shell around it share. The machine knows nothing else of the shell. */
    private static final Set<String> SHARED_VALUES = Set.of(
            "AgentFailedException",
            "Arrival",
            "Await",
            "BranchPath",
            "Correction",
            "Decision",
            "DivergenceException",
            "InvalidDecisionException",
            "Invocation",
            "Join",
            "JoinPredicateException",
            "JoinProgress",
            "JoinShortfallException",
            "LimitExceededException",
            "Limits",
            "NoAnswerException",
            "Outcome",
            "PendingQuestion",
            "PendingSignal",
            "PendingWait",
            "Question",
            "QuestionExpiredException",
            "RecordedException",
            "RunCancelledException",
            "RunEvent",
            "RunFailure",
            "RunResult",
            "RunState",
            "SignalTimeoutException",
            "StateChange",
            "StateMergeException",
            "StateRejectedException",
            "StateValue",
            "Turn",
            "Uncompensated",
            "UnsupportedRunFormatException");

    private static final DescribedPredicate<JavaClass> MACHINE =
            describe("the machine", type -> type.getPackageName().equals(MACHINE_PACKAGE));

    private static final DescribedPredicate<JavaClass> PURE = describe(
            "the machine and the values it shares with the shell",
            type -> MACHINE.test(type)
                    || (type.getPackageName().equals(ROOT + ".run")
                            && SHARED_VALUES.contains(outermost(type).getSimpleName())));

    private static JavaClass outermost(JavaClass type) {
        return type.getEnclosingClass().map(ArchitectureTest::outermost).orElse(type);
    }

    /** No threads, clocks, randomness or I/O: facts come in from outside, and all that is done goes out as effects. */
    private static ArchRule isPure(DescribedPredicate<JavaClass> which) {
        DescribedPredicate<JavaClass> impure = JavaClass.Predicates.resideInAnyPackage(
                        "reactor..",
                        "org.reactivestreams..",
                        "io.micrometer..",
                        "org.slf4j..",
                        "java.util.concurrent..",
                        "java.util.random..",
                        "java.security..",
                        "java.io..",
                        "java.nio..",
                        "java.net..")
                .or(assignableTo(Thread.class))
                .or(assignableTo(ThreadLocal.class))
                .or(assignableTo(java.time.Clock.class))
                .or(assignableTo(java.util.Random.class))
                .or(assignableTo(java.util.UUID.class))
                .or(assignableTo(java.util.Timer.class))
                .or(assignableTo(io.flotilla.step.StepEngine.class))
                .or(assignableTo(io.flotilla.step.EngineAccess.class))
                .or(assignableTo(io.flotilla.step.StepDriver.class))
                .or(assignableTo(io.flotilla.step.EngineClock.class))
                .as("what is not pure");
        // What Routes has worked out about its topology is kept for all runs of a workflow, which are on many threads;
        // it
        // is the same whoever works it out, so no run sees whether another was there before.
        DescribedPredicate<JavaClass> routesMemory = DescribedPredicate.or(
                assignableTo(java.util.concurrent.ConcurrentHashMap.class),
                describe("serializable lambdas", type -> type.getName().equals("java.io.Serializable")));
        DescribedPredicate<com.tngtech.archunit.core.domain.Dependency> onTheImpure = describe(
                "on what is not pure",
                dependency -> impure.test(dependency.getTargetClass().getBaseComponentType())
                        && !(outermost(dependency.getOriginClass()).getName().equals(MACHINE_PACKAGE + ".Routes")
                                && routesMemory.test(dependency.getTargetClass())));
        DescribedPredicate<JavaAccess<?>> asksTheWorld = target(nameMatching("now"))
                .and(describe(
                        "of java.time",
                        (JavaAccess<?> access) ->
                                access.getTargetOwner().getPackageName().startsWith("java.time")))
                .or(of(System.class, "nanoTime|currentTimeMillis|in|out|err|getenv|getProperty|identityHashCode"))
                .or(of(Math.class, "random"))
                .or(of(java.util.Collections.class, "shuffle"))
                .or(of(Object.class, "wait|notify|notifyAll"))
                .as("the time, chance or another thread");
        ArchCondition<JavaClass> dependOnIt = new ArchCondition<>("depend on what is not pure") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                type.getDirectDependenciesFromSelf().stream()
                        .filter(onTheImpure)
                        .forEach(found -> events.add(SimpleConditionEvent.satisfied(type, found.getDescription())));
                type.getMethods().stream()
                        .filter(method -> method.getModifiers().contains(JavaModifier.SYNCHRONIZED))
                        .forEach(found -> events.add(SimpleConditionEvent.satisfied(type, found.getDescription())));
            }
        };
        return noClasses().that(which).should(dependOnIt.or(accessTargetWhere(asksTheWorld)));
    }

    @Test
    void machine_ofARun_isPure() {
        isPure(PURE).check(MAIN);

        assertThat(MAIN.stream().filter(PURE).map(JavaClass::getSimpleName))
                .contains("RunMachine", "Scope", "Branch", "Rendezvous", "Occupancy", "JoinEvaluator", "DecisionCheck")
                .contains("Output", "Cancellation", "RunJoin", "Routes", "Dominance", "Plan", "Delegation", "Join")
                .contains("Turn", "BranchPath");
    }

    @Test
    void machine_ofARun_knowsTheSharedValuesOnly() {
        Set<String> known = MAIN.stream()
                .filter(MACHINE)
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .map(dependency -> outermost(dependency.getTargetClass().getBaseComponentType()))
                .filter(type -> type.getPackageName().equals(ROOT + ".run"))
                .map(JavaClass::getSimpleName)
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(known).isEqualTo(new TreeSet<>(SHARED_VALUES));
    }

    @Test
    void machine_thatIsNotPure_isFound() {
        JavaClasses imported = new ClassFileImporter().importClasses(Offenders.Impure.class);
        List<String> found = isPure(describe("the offender", any -> true))
                .evaluate(imported)
                .getFailureReport()
                .getDetails();

        for (JavaCodeUnit offence : imported.get(Offenders.Impure.class).getMethods()) {
            if (!offence.getModifiers().contains(JavaModifier.SYNTHETIC)) {
                assertThat(found)
                        .as("%s", offence.getName())
                        .anyMatch(detail -> detail.contains("." + offence.getName() + "("));
            }
        }
    }

    // --- what users see

    private static boolean isVisible(JavaMember member) {
        return member.getModifiers().contains(JavaModifier.PUBLIC)
                || member.getModifiers().contains(JavaModifier.PROTECTED);
    }

    private static boolean isVisible(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(ArchitectureTest::isVisible).orElse(true);
    }

    private static boolean isForeign(JavaClass type) {
        String name = type.getBaseComponentType().getPackageName();
        return name.startsWith("io.github.resilience4j") || name.startsWith("io.micrometer");
    }

    private static boolean isHandedIn(JavaClass parameter) {
        return parameter.isEquivalentTo(ObservationRegistry.class)
                || parameter.isEquivalentTo(MeterRegistry.class)
                || parameter.isEquivalentTo(Observation.class); // the parent of a run's trace
    }

    private static Stream<JavaClass> foreignTypesOf(JavaMember member) {
        if (member instanceof JavaField field) {
            return field.getType().getAllInvolvedRawTypes().stream().filter(ArchitectureTest::isForeign);
        }
        JavaCodeUnit codeUnit = (JavaCodeUnit) member;
        return Stream.concat(
                        codeUnit.getReturnType().getAllInvolvedRawTypes().stream(),
                        codeUnit.getParameterTypes().stream()
                                .filter(parameter ->
                                        !(parameter instanceof JavaTypeVariable)) // its bound is ours besides
                                .filter(parameter -> !parameter
                                        .toErasure()
                                        .isEquivalentTo(ObservationConvention.class)) // handed in, with what it is of
                                .flatMap(parameter -> parameter.getAllInvolvedRawTypes().stream())
                                .filter(parameter -> !isHandedIn(parameter)))
                .filter(ArchitectureTest::isForeign);
    }

    private static final ArchRule NO_FOREIGN_TYPES = classes().should(new ArchCondition<>("show nobody else's types") {
        @Override
        public void check(JavaClass type, ConditionEvents events) {
            if (!isVisible(type) || type.getPackageName().equals(ROOT + ".observe")) {
                return; // what is observed is documented and named in Micrometer's own way
            }
            for (JavaMember member : type.getMembers()) {
                if (isVisible(member) && foreignTypesOf(member).findAny().isPresent()) {
                    events.add(SimpleConditionEvent.violated(member, member.getFullName()));
                }
            }
            Stream.concat(type.getRawSuperclass().stream(), type.getRawInterfaces().stream())
                    .filter(ArchitectureTest::isForeign)
                    .forEach(above -> events.add(
                            SimpleConditionEvent.violated(type, type.getName() + " is a " + above.getName())));
        }
    });

    @Test
    void signatures_ofPublicTypes_haveOnlyOurOwnTypesBesidesTheRegistries() {
        NO_FOREIGN_TYPES.check(MAIN);
    }

    @Test
    void signatures_withForeignTypes_areFound() {
        List<String> found = NO_FOREIGN_TYPES
                .evaluate(new ClassFileImporter().importClasses(Offenders.Signatures.class))
                .getFailureReport()
                .getDetails();

        assertThat(found)
                .hasSize(5)
                .noneMatch(detail -> detail.contains("allowed"))
                .anyMatch(detail -> detail.contains(".field"))
                .anyMatch(detail -> detail.contains(".returned("))
                .anyMatch(detail -> detail.contains(".listed("))
                .anyMatch(detail -> detail.contains(".taken("))
                .anyMatch(detail -> detail.contains(".inherited("));
    }

    private static Set<String> publicTypes(String part) {
        return MAIN.stream()
                .filter(type -> type.getPackageName().equals(ROOT + part))
                .filter(ArchitectureTest::isVisible)
                .map(type -> type.getName().substring(type.getPackageName().length() + 1))
                .filter(name -> !name.equals("package-info"))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void publicTypes_ofTheStepPackage_areThoseUsersName() {
        assertThat(publicTypes(".step"))
                .containsExactlyInAnyOrder(
                        "EngineAccess",
                        "SimulationThread",
                        "FailureMode",
                        "InFlightLimit",
                        "Order",
                        "ResultSink",
                        "EngineClock",
                        "EngineClock$Watched",
                        "RoundFailedException",
                        "SharedCauseException",
                        "StepCall",
                        "StepDriver",
                        "StepDriver$Listener",
                        "StepDriver$Observed",
                        "StepDriver$Prepared",
                        "StepIdentity",
                        "StepOutput",
                        "StepSignal",
                        "StepSignal$AttemptStarted",
                        "StepSignal$Emitted",
                        "StepSignal$Settled",
                        "StepEngine",
                        "StepEngine$Builder",
                        "StepFailedException",
                        "StepFailure",
                        "StepHealth",
                        "StepInterceptor",
                        "StepRejectedException",
                        "StepReport",
                        "StepReport$Durations",
                        "StepResult",
                        "StepResult$Kind",
                        "StepResult$Succeeded",
                        "StepResult$Degraded",
                        "StepResult$Failed",
                        "StepResult$TimedOut",
                        "StepResult$Rejected",
                        "StepResult$Cancelled",
                        "StepTimeoutException");
    }

    @Test
    void publicTypes_ofTheRunPackage_areThoseUsersName() {
        assertThat(publicTypes(".run"))
                .containsExactlyInAnyOrder(
                        "AgentFailedException",
                        "Arrival",
                        "BranchPath",
                        "Correction",
                        "Decision",
                        "Decision$Answer",
                        "Decision$HandOff",
                        "Decision$FanOut",
                        "Decision$Ask",
                        "Decision$Fail",
                        "Decision$Repeat",
                        "EventsLostException",
                        "InvalidDecisionException",
                        "InvalidWorkflowException",
                        "Invocation",
                        "Join",
                        "Join$Requirement",
                        "Join$Shortfall",
                        "Join$Verdict",
                        "JoinPredicateException",
                        "JoinProgress",
                        "JoinShortfallException",
                        "LimitExceededException",
                        "Limits",
                        "Limits$Chain",
                        "NoAnswerException",
                        "PendingQuestion",
                        "Outcome",
                        "Outcome$Answered",
                        "Outcome$Failed",
                        "Outcome$TimedOut",
                        "Question",
                        "QuestionExpiredException",
                        "DivergenceException",
                        "RecordedException",
                        "Drained",
                        "InvalidAnswerException",
                        "RunSuspendedException",
                        "RunsShutDownException",
                        "Recovery",
                        "Recovery$Failure",
                        "RecoveryFailedException",
                        "Run",
                        "RunAlreadyLiveException",
                        "Runs",
                        "RunState",
                        "RunState$BranchState",
                        "RunState$BranchStatus",
                        "RunState$Status",
                        "UnknownRunException",
                        "UnsupportedRunFormatException",
                        "RunCancelledException",
                        "RunEvent",
                        "RunEvent$Verdict",
                        "RunEvent$RunStarted",
                        "RunEvent$BranchStarted",
                        "RunEvent$StepStarted",
                        "RunEvent$StepSettled",
                        "RunEvent$DecisionRejected",
                        "RunEvent$HandedOff",
                        "RunEvent$Forked",
                        "RunEvent$Joined",
                        "RunEvent$RendezvousFired",
                        "RunEvent$BranchAnswered",
                        "RunEvent$BranchFailed",
                        "RunEvent$BranchMovedOn",
                        "RunEvent$BranchCancelled",
                        "RunEvent$QuestionAsked",
                        "RunEvent$QuestionAnswered",
                        "RunEvent$RunPaused",
                        "RunEvent$RunResumed",
                        "RunEvent$RunFinished",
                        "RunEvent$Delivery",
                        "RunEvent$SleepStarted",
                        "RunEvent$SleepEnded",
                        "RunEvent$SignalAwaited",
                        "RunEvent$SignalReceived",
                        "RunEvent$SignalTaken",
                        "SignalRefusedException",
                        "SignalTimeoutException",
                        "Await",
                        "PendingSignal",
                        "PendingWait",
                        "Decision$Sleep",
                        "Decision$Compensate",
                        "Compensation",
                        "CompensatedStep",
                        "NestedCompensationException",
                        "Uncompensated",
                        "RunEvent$CompensationStarted",
                        "RunEvent$CompensationSettled",
                        "RunEvent$StateWritten",
                        "StateChange",
                        "StateMergeException",
                        "StateRejectedException",
                        "StateValue",
                        "Decision$AwaitSignal",
                        "RunOutput",
                        "RunOutput$OfStep",
                        "RunOutput$AttemptStarted",
                        "RunOutput$Emitted",
                        "RunOutput$Settled",
                        "RunOutput$Lost",
                        "RunFailure",
                        "RunFailure$Kind",
                        "RunResult",
                        "RunResult$Branches",
                        "RunResult$Status",
                        "Turn",
                        "Turn$Reason",
                        "Workflow",
                        "DeadlinePassedException",
                        "InvalidRunIdException",
                        "Migration",
                        "NestedEvent",
                        "NestedOutput",
                        "NestedRunException",
                        "RecordedRun",
                        "RunFact",
                        "Reconciler",
                        "Reconciler$WhenUnknown",
                        "Reconciliation",
                        "RetentionPolicy",
                        "RunEndedException",
                        "RunFilter",
                        "RunIdTakenException",
                        "RunInfo",
                        "RunInfo$Status",
                        "RunOptions",
                        "RunQuestion",
                        "StepInDoubtException",
                        "UnknownVersionException",
                        "Verification",
                        "Workflow$Builder");
    }

    @Test
    void publicTypes_ofTheMachinePackage_areThoseEnginesName() {
        assertThat(publicTypes(".run.machine"))
                .containsExactly(
                        "Delegation",
                        "Digest",
                        "Effect",
                        "Effect$Ask",
                        "Effect$CancelStep",
                        "Effect$CancelTimer",
                        "Effect$CloseQuestion",
                        "Effect$Finish",
                        "Effect$StartStep",
                        "Effect$StartTimer",
                        "Fact",
                        "Fact$BranchCancelRequested",
                        "Fact$Cancelled",
                        "Fact$DeadlinePassed",
                        "Fact$Paused",
                        "Fact$QuestionAnswered",
                        "Fact$Resumed",
                        "Fact$SignalReceived",
                        "Fact$Started",
                        "Fact$StepSettled",
                        "FactCodec",
                        "LimitsLeft",
                        "Plan",
                        "Plan$Builder",
                        "Recorded",
                        "Replay",
                        "Replay$CancelledStep",
                        "RunDigest",
                        "RunHeader",
                        "RunMachine",
                        "StateMerge",
                        "StateWrite",
                        "StateWrite$Kind");
    }

    @Test
    void publicTypes_ofTheSmallPackages_areThoseUsersName() {
        assertThat(publicTypes("")).containsExactly("AgentId", "Experimental", "FlotillaException");
        assertThat(publicTypes(".agent"))
                .containsExactly(
                        "Agent",
                        "NestedBlockingException",
                        "StepContext",
                        "StepState",
                        "StepStateException",
                        "StepStateException$Reason",
                        "Usage",
                        "UsageLedger");
        assertThat(publicTypes(".internal"))
                .as("not exported, so that nobody else can name it")
                .containsExactly(
                        "BlockingLevel",
                        "BlockingPool",
                        "BodyScope",
                        "BoundedNames",
                        "JsonFields",
                        "KeptThread",
                        "OutputFeed",
                        "OutputFeed$Policy",
                        "OutputHub",
                        "OutputLog",
                        "Shown",
                        "StepMdc",
                        "TelemetryFaults",
                        "VirtualThreads");
        assertThat(publicTypes(".health"))
                .containsExactly(
                        "CheckResult",
                        "Health",
                        "HealthChange",
                        "HealthCheck",
                        "HealthMonitor",
                        "HealthMonitor$Builder",
                        "HealthReport",
                        "HealthSource",
                        "HealthStatus",
                        "Heartbeat",
                        "Progress",
                        "Progress$Work");
        assertThat(publicTypes(".simulation")).containsExactly("AgentSet", "AgentSet$Aggregate");
        assertThat(publicTypes(".topology"))
                .containsExactly(
                        "InvalidTopologyException",
                        "Rules",
                        "Topology",
                        "TopologyError",
                        "TopologyError$Kind",
                        "Warning",
                        "Warning$Kind");
        assertThat(publicTypes(".journal"))
                .containsExactly(
                        "InMemoryJournal",
                        "InMemoryJournal$Builder",
                        "Journal",
                        "JournalBounds",
                        "JournalClosedException",
                        "JournalCorruptedException",
                        "JournalEntry",
                        "JournalEntryTooLargeException",
                        "JournalException",
                        "JournalFileLostException",
                        "JournalFilter",
                        "JournalFormatException",
                        "JournalFullException",
                        "JournalInUseException",
                        "JournalOverloadedException",
                        "JournalPoisonedException",
                        "JournalTimeoutException",
                        "PayloadCodec",
                        "PayloadException",
                        "RunDeletedException",
                        "RunSummary",
                        "StaleAppendException");
        assertThat(publicTypes(".observe"))
                .containsExactly(
                        "AttemptObservationContext",
                        "BranchObservationContext",
                        "DocumentedContext",
                        "FlotillaEvent",
                        "FlotillaKey",
                        "FlotillaMeter",
                        "FlotillaObservation",
                        "FlotillaObservationContext",
                        "FlotillaObservationConvention",
                        "GenAiKey",
                        "GenAiRunConvention",
                        "GenAiStepConvention",
                        "JoinObservationContext",
                        "LinkingTracingObservationHandler",
                        "MdcKey",
                        "QuestionObservationContext",
                        "Redactor",
                        "RoundObservationContext",
                        "RunObservationContext",
                        "SignalObservationContext",
                        "SleepObservationContext",
                        "StepObservationContext");
    }

    @Test
    void packages_ofMainCode_areNullMarked() {
        Set<String> marked = MAIN.stream()
                .filter(type -> type.getSimpleName().equals("package-info"))
                .filter(type -> type.isAnnotatedWith(NullMarked.class))
                .map(JavaClass::getPackageName)
                .collect(Collectors.toSet());

        assertThat(marked)
                .isEqualTo(MAIN.stream().map(JavaClass::getPackageName).collect(Collectors.toSet()));
    }
}
