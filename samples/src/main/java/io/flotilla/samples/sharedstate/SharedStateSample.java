package io.flotilla.samples.sharedstate;

import io.flotilla.agent.Agent;
import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;
import io.flotilla.state.SharedState;
import io.flotilla.state.StateKey;
import io.flotilla.state.Versioned;
import io.flotilla.state.Write;
import io.flotilla.step.StepEngine;
import io.flotilla.step.StepReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A box office: several clerks sell the same seats at the same time. Two who have read the same number cannot both write it, a
 * sale that breaks down takes nothing with it, and at the end no seat is lost or sold twice.
 */
public final class SharedStateSample implements Sample {

    private static final StateKey<Integer> SEATS = StateKey.of("seats", Integer.class);
    private static final StateKey<Integer> SOLD = StateKey.of("sold", Integer.class);
    private static final int ALL_SEATS = 100;
    private static final int CLERKS = 8;
    private static final int MOST_EACH = 10;

    public static void main(String[] args) {
        Shell.exit(new SharedStateSample());
    }

    @Override
    public String name() {
        return "shared-state";
    }

    private static int valueOf(@Nullable Integer value) {
        return value == null ? 0 : value;
    }

    @Override
    public int run(Settings settings, Output output) {
        SharedState state = SharedState.create();
        state.update(SEATS, none -> ALL_SEATS);
        state.update(SOLD, none -> 0);

        Versioned<Integer> read = state.get(SEATS);
        output.line("two clerks read %d seats at version %d, and both write", valueOf(read.value()), read.version());
        output.line("  one:   %s", state.compareAndSet(SEATS, read.version(), valueOf(read.value()) - 1));
        output.line("  other: %s", state.compareAndSet(SEATS, read.version(), valueOf(read.value()) - 1));
        state.update(SOLD, sold -> valueOf(sold) + 1);

        Write<Object> broken = state.transact(transaction -> {
            transaction.put(SEATS, 0);
            throw new IllegalStateException("the till is broken");
        });
        output.line("a sale that breaks down: %s", broken);
        output.line("  seats left: %d", valueOf(state.get(SEATS).value()));

        StepReport<Integer> report = sellAll(state, settings.seed());
        output.line("%d clerks sell at the same time, seed %d", CLERKS, settings.seed());
        report.results().forEach(result -> output.line("  %-8s sold %s", result.agentId(), result.value()));
        Versioned<Integer> last = Objects.requireNonNull(state.watch(SOLD).blockFirst(Duration.ofSeconds(10)));
        int left = valueOf(state.get(SEATS).value());
        output.line("left %d + sold %d = %d", left, valueOf(last.value()), left + valueOf(last.value()));
        return left + valueOf(last.value()) == ALL_SEATS ? 0 : 1;
    }

    /** Each clerk has a share that the seed decides; who is first at the seats does not matter for what is printed. */
    private static StepReport<Integer> sellAll(SharedState state, long seed) {
        Random random = new Random(seed);
        List<Agent<String, Integer>> clerks = new ArrayList<>();
        for (int at = 0; at < CLERKS; at++) {
            int share = 1 + random.nextInt(MOST_EACH);
            clerks.add(Agent.blocking("clerk#" + at, (input, context) -> sell(state, share)));
        }
        return Objects.requireNonNull(
                StepEngine.builder().build().run(clerks, "sell").block());
    }

    private static int sell(SharedState state, int share) {
        int sold = 0;
        while (sold < share) {
            Write<Boolean> sale = state.transact(transaction -> {
                int left = valueOf(transaction.get(SEATS));
                if (left == 0) {
                    return false;
                }
                transaction.put(SEATS, left - 1);
                transaction.put(SOLD, valueOf(transaction.get(SOLD)) + 1);
                return true;
            });
            if (sale instanceof Write.Committed<Boolean> done) {
                if (!Boolean.TRUE.equals(done.result())) {
                    return sold;
                }
                sold++;
            } // else somebody else was faster: once more, with what there is now
        }
        return sold;
    }
}
