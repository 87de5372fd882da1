package io.flotilla.samples.health;

import io.flotilla.samples.shell.Output;
import io.flotilla.samples.shell.Sample;
import io.flotilla.samples.shell.Settings;
import io.flotilla.samples.shell.Shell;

/**
 * Two clerks at a desk. One of them gets stuck, while its timer ticks on. A check of the timer says that it is well; a check of the work
 * sees it, the manager and the network route around it to the other one, and come back when the first one does.
 */
public final class HealthSample implements Sample {

    public static void main(String[] args) {
        Shell.exit(new HealthSample());
    }

    @Override
    public String name() {
        return "health";
    }

    @Override
    public int run(Settings settings, Output output) {
        Desk desk = new Desk();
        try {
            output.line("two clerks write letters, each with a timer that ticks whatever happens");
            work(desk, output);
            show(desk, output);

            desk.firstGetsStuck();
            output.line("clerk#1 gets stuck in a letter");
            show(desk, output);
            work(desk, output);

            String letter = desk.firstComesBack();
            output.line("clerk#1 is back, and has written its letter after all: %s", letter);
            show(desk, output);
            work(desk, output);
            return 0;
        } finally {
            desk.close();
        }
    }

    /** Through the manager, and through the network. */
    private static void work(Desk desk, Output output) {
        output.line("  letters written by %s", desk.write());
        output.line("  a note to clerk#1: %s; news to all: %s", desk.note(), desk.news());
    }

    private static void show(Desk desk, Output output) {
        desk.report().checks().forEach(check -> output.line("  %-21s %s", check.name(), check.status()));
        output.line(
                "  %-21s %s, %s",
                "the whole", desk.report().status(), desk.report().isReady() ? "ready" : "not ready");
    }
}
