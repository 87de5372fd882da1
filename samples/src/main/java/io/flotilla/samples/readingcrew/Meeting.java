package io.flotilla.samples.readingcrew;

import io.flotilla.run.RunEvent;
import io.flotilla.samples.shell.Output;
import java.time.Duration;
import java.util.List;

/**
 * How the readers and the checker met at the writer.
 *
 * @param came how many there were when the writer began
 * @param after how long the run had taken by then
 * @param late how many came later
 * @param cancelled how many readers were cancelled
 * @param failed how many readers failed
 */
record Meeting(int came, Duration after, long late, long cancelled, long failed) {

    static Meeting of(List<RunEvent> events) {
        int came = 0;
        Duration after = Duration.ZERO;
        long late = 0;
        long cancelled = 0;
        long failed = 0;
        for (RunEvent event : events) {
            if (event instanceof RunEvent.RendezvousFired fired) {
                came = fired.arrivals();
                after = Duration.between(events.get(0).at(), fired.at());
            } else if (event instanceof RunEvent.BranchMovedOn movedOn && movedOn.late()) {
                late++;
            } else if (event instanceof RunEvent.BranchCancelled gone
                    && gone.agent().equals(Crew.READER)) {
                cancelled++;
            } else if (event instanceof RunEvent.BranchFailed lost
                    && lost.agent().equals(Crew.READER)) {
                failed++;
            }
        }
        return new Meeting(came, after, late, cancelled, failed);
    }

    void print(Quorum quorum, Written written, Output output) {
        Check check = written.check();
        output.line("Checker: %s", check == null ? "did not come in time" : check);
        output.line(
                "Quorum: %d wanted, %d came in %d ms: %d readers%s",
                quorum.arrivals(),
                came,
                after.toMillis(),
                came - (check == null ? 0 : 1),
                check == null ? "" : " and the checker");
        int extracts = written.reads().size() + (check == null ? 0 : 1) - came;
        if (extracts > 0) {
            output.line(
                    "The writer itself made a local extract of %d files whose readers did not come in time", extracts);
        }
        output.line("Not in it: %d late, %d cancelled while they read, %d failed", late, cancelled, failed);
    }
}
