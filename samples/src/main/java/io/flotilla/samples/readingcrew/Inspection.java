package io.flotilla.samples.readingcrew;

import io.flotilla.health.HealthSource;
import io.flotilla.inspector.Inspector;
import io.flotilla.run.Runs;
import io.flotilla.samples.shell.Output;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The inspector of {@code -Dinspect=true}; without that, nothing. */
final class Inspection implements AutoCloseable {

    private final @Nullable Inspector inspector;
    private final String token;
    private final Duration idle;

    private Inspection(@Nullable Inspector inspector, String token, Duration idle) {
        this.inspector = inspector;
        this.token = token;
        this.idle = idle;
    }

    /** Null as {@code idle} for none. Blocking is for the outermost edge of a program, such as this. */
    static Inspection of(@Nullable Duration idle, Runs<?> runs, HealthSource breakers) {
        if (idle == null) {
            return new Inspection(null, "", Duration.ZERO);
        }
        String token = Inspector.randomToken();
        Inspector inspector = Inspector.on(runs)
                .circuitBreakers(breakers)
                .token(token)
                .allowActions(true)
                .start()
                .block();
        return new Inspection(Objects.requireNonNull(inspector), token, idle);
    }

    void announce(Output output) {
        if (inspector != null) {
            output.line("The inspector: %s#token=%s", inspector.address(), token);
        }
    }

    /** Until nobody looks any more. */
    void await(Output output) {
        if (inspector != null) {
            output.line(
                    "The inspector stays: %s#token=%s, until Ctrl-C, or nobody has looked for %s",
                    inspector.address(), token, idle);
            output.out().flush();
            inspector.idle(idle).block();
        }
    }

    @Override
    public void close() {
        if (inspector != null) {
            inspector.stop().block();
        }
    }
}
