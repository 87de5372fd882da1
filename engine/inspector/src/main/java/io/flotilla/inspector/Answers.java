package io.flotilla.inspector;

import io.flotilla.run.PendingQuestion;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a person has said in JSON, as the value that a question waits for. */
final class Answers {

    private Answers() {}

    /** A choice by what it reads as; a number of the type that is wanted; else as it came, to be judged by the question. */
    static @Nullable Object of(PendingQuestion question, @Nullable Object said) {
        if (said == null) {
            return null;
        }
        for (Object choice : question.choices()) {
            if (reads(choice).equals(said instanceof String text ? text : Json.text(said))) {
                return choice;
            }
        }
        Class<?> type = question.answerType();
        if (type == null || type.isInstance(said)) {
            return said;
        }
        if (said instanceof Number number) {
            return number(type, number);
        }
        return said instanceof String text ? constant(type, text) : said;
    }

    private static String reads(Object choice) {
        try {
            return String.valueOf(choice.toString());
        } catch (Throwable broken) { // the user's own
            return "";
        }
    }

    private static Object number(Class<?> type, Number number) {
        try {
            BigDecimal exact = new BigDecimal(number.toString());
            if (type == Integer.class) {
                return exact.intValueExact();
            }
            if (type == Short.class) {
                return exact.shortValueExact();
            }
            if (type == Byte.class) {
                return exact.byteValueExact();
            }
            if (type == BigInteger.class) {
                return exact.toBigIntegerExact();
            }
            if (type == BigDecimal.class) {
                return exact;
            }
            if (type == Double.class) {
                return exact.doubleValue();
            }
            return type == Float.class ? (Object) exact.floatValue() : number;
        } catch (ArithmeticException | NumberFormatException none) {
            return number;
        }
    }

    private static Object constant(Class<?> type, String text) {
        Object[] constants = type.getEnumConstants();
        if (constants != null) {
            for (Object constant : constants) {
                if (Objects.requireNonNull((Enum<?>) constant).name().equals(text)) {
                    return constant;
                }
            }
        }
        return text;
    }
}
