package io.flotilla.testkit;

import java.util.Arrays;
import java.util.List;

/** Where a thread is, in the code that its owner has written. */
final class Places {

    private static final List<String> OTHERS = List.of(
            "java.", "javax.", "jdk.", "sun.", "reactor.", "org.reactivestreams.", "io.flotilla.testkit.Seeded");

    private static final List<String> OWN = List.of(
            Places.class.getName(),
            OneThread.class.getName(),
            CaseRunner.class.getName(),
            SimulatedWorld.class.getName());

    private Places() {}

    /** The innermost call that is neither of the JDK nor of Reactor; else the innermost. */
    static String ofUser(Thread thread) {
        StackTraceElement[] stack = thread.getStackTrace();
        return Arrays.stream(stack)
                .filter(call -> OTHERS.stream().noneMatch(call.getClassName()::startsWith))
                .filter(call -> OWN.stream().noneMatch(own -> isOf(call.getClassName(), own)))
                .findFirst()
                .map(StackTraceElement::toString)
                .orElse(stack.length == 0 ? "its end" : stack[0].toString());
    }

    private static boolean isOf(String name, String own) {
        return name.equals(own) || name.startsWith(own + "$");
    }
}
