package io.flotilla.testkit;

import io.flotilla.run.Await;
import io.flotilla.run.BranchPath;
import io.flotilla.run.Run;
import io.flotilla.run.machine.Fact;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What somebody outside of a run of a scenario does: answers, signals, pauses, cancels.
 *
 * @param after when, from the start
 * @param kind what, one of the keys
 * @param name the question or the signal; empty for others
 * @param value the answer, or what is signalled
 */
record Outside(
        Duration after, String kind, String name, @Nullable Object value) {

    private static final Set<String> KEYS =
            Keys.of("answer", "signal", "signalIfAwaited", "cancelBranch", "pause", "resume", "cancel", "after");

    static Outside read(Json json) {
        json.object(KEYS);
        List<String> kinds =
                json.keys().stream().filter(key -> !key.equals("after")).toList();
        if (kinds.size() != 1) {
            throw json.wrong("what happens outside is one of " + KEYS + " and may have after; here are " + json.keys());
        }
        Duration after = json.has("after") ? json.get("after").duration() : Duration.ZERO;
        if (after.isNegative()) {
            throw json.get("after").wrong("must be >= 0, was " + after);
        }
        String kind = kinds.get(0);
        Json what = json.get(kind);
        switch (kind) {
            case "answer", "signal", "signalIfAwaited" -> {
                List<Json> pair = what.pair("name", "value");
                String name = pair.get(0).text();
                return what.checked(
                        () -> checked(new Outside(after, kind, name, pair.get(1).value())));
            }
            case "cancelBranch" -> {
                return what.checked(() -> checked(new Outside(after, kind, what.text(), null)));
            }
            default -> {
                what.isTrue();
                return new Outside(after, kind, "", null);
            }
        }
    }

    /** A name or a path that is none throws. */
    private static Outside checked(Outside outside) {
        switch (outside.kind) {
            case "signal", "signalIfAwaited" -> {
                var unused = Await.of(outside.name);
            }
            case "cancelBranch" -> {
                var unused = BranchPath.parse(outside.name);
            }
            default -> {
                // any question
            }
        }
        return outside;
    }

    /** As the machine is told of it. */
    Fact fact(Instant at) {
        return switch (kind) {
            case "answer" -> new Fact.QuestionAnswered(at, name, value);
            case "signal" -> new Fact.SignalReceived(at, name, value, false);
            case "signalIfAwaited" -> new Fact.SignalReceived(at, name, value, true);
            case "cancelBranch" -> new Fact.BranchCancelRequested(at, BranchPath.parse(name));
            case "pause" -> new Fact.Paused(at);
            case "resume" -> new Fact.Resumed(at);
            default -> new Fact.Cancelled(at);
        };
    }

    /** As a user of the library does it. */
    void happenTo(Run<?> run) {
        switch (kind) {
            case "answer" -> run.answer(name, value).subscribe();
            case "signal" -> run.signal(name, value).subscribe();
            case "signalIfAwaited" -> run.signalIfAwaited(name, value).subscribe();
            case "cancelBranch" -> run.cancelBranch(BranchPath.parse(name)).subscribe();
            case "pause" -> run.pause();
            case "resume" -> run.resume();
            default -> run.cancel();
        }
    }
}
