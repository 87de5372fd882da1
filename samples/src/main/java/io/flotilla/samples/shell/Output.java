package io.flotilla.samples.shell;

import java.io.Console;
import java.io.PrintStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a sample prints to.
 *
 * @param out for what it has to say
 * @param err for why it could not
 * @param terminal whether somebody looks at {@code out} while it is written, so that a line may be drawn over
 */
public record Output(PrintStream out, PrintStream err, boolean terminal) {

    static Output ofThisProcess() {
        return new Output(System.out, System.err, isTerminal() && System.getenv("CI") == null);
    }

    @SuppressWarnings("SystemConsoleNull") // both ways of saying that there is none are asked for
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // JDK 22 and later have a console without a terminal too, and this method to tell.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException olderJdk) {
            return true;
        }
    }

    /** A line on {@link #out}; without values as it is, with them formatted. */
    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
    public void line(String format, @Nullable Object... values) {
        out.println(values.length == 0 ? format : String.format(Locale.ROOT, format, values));
    }

    /** The text without anything that would start another line or move the cursor. */
    public static String oneLine(String text) {
        return text.replaceAll("[\\p{Cntrl}\u2028\u2029]", " ");
    }
}
