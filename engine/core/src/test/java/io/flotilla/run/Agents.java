package io.flotilla.run;

import io.flotilla.agent.Agent;
import io.flotilla.agent.StepContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/**
 * Agents that do what a line says: a number of seconds, then what to do.
 *
 * <ul>
 *   <li>{@code 2:a} answers {@code a} after two seconds
 *   <li>{@code 2!no} decides to fail, {@code 2^no} throws
 *   <li>{@code 2>Writer=a} hands {@code a} to Writer; where Writer is scripted too, {@code a} is its line
 *   <li>{@code 2?what} asks, and answers with what it is answered
 *   <li>{@code -} never ends
 * </ul>
 */
final class Agents {

    /** The lines of those who saw a cancel, in order. */
    final List<String> cancelled = new CopyOnWriteArrayList<>();

    /** Every turn, in order. */
    final List<Turn> turns = new CopyOnWriteArrayList<>();

    /** Every context, in order. */
    final List<StepContext> contexts = new CopyOnWriteArrayList<>();

    /** One whose line is its input. */
    Agent<Turn, Decision> scripted() {
        return body(turn -> act(turn, String.valueOf(turn.input())));
    }

    /** One that does the same at every call. */
    Agent<Turn, Decision> doing(String line) {
        return body(turn -> act(turn, line));
    }

    /** One that decides at once. */
    Agent<Turn, Decision> deciding(Function<Turn, Decision> decision) {
        return body(turn -> Mono.just(decision.apply(turn)));
    }

    /** One that forks {@code agent} for each of the lines, which blanks divide, and hands what comes of it to the end. */
    Agent<Turn, Decision> forking(String agent, String lines) {
        return forking(Stream.of(lines.split(" ")).map(line -> Invocation.of(agent, line)));
    }

    /** One that forks, and hands what comes of it to the end. */
    Agent<Turn, Decision> forking(Stream<Invocation> invocations) {
        List<Invocation> all = invocations.toList();
        return deciding(turn -> turn.reason() == Turn.Reason.REQUESTED
                ? Decision.fanOut(all)
                : Decision.handOff("end", told(turn.outcomes())));
    }

    /** One that hands what has arrived to the end. */
    Agent<Turn, Decision> meeting() {
        return deciding(turn -> Decision.handOff("end", met(turn)));
    }

    Agent<Turn, Decision> body(Function<Turn, Mono<Decision>> body) {
        return body((turn, context) -> body.apply(turn));
    }

    Agent<Turn, Decision> body(BiFunction<Turn, StepContext, Mono<Decision>> body) {
        return Agent.of("body", (turn, context) -> {
            turns.add(turn);
            contexts.add(context);
            return body.apply(turn, context);
        });
    }

    /** {@code a !no ?PT5S}: answers, failures, time-outs. */
    static String told(List<Outcome> outcomes) {
        return outcomes.stream()
                .map(outcome -> outcome.<String>fold(
                        answered -> String.valueOf(answered.value()),
                        failed -> "!" + failed.reason(),
                        timedOut -> "?" + timedOut.limit()))
                .collect(Collectors.joining(" "));
    }

    /** {@code Left=a Right=b}. */
    static String met(Turn turn) {
        return turn.arrivals().stream()
                .map(arrival -> arrival.agent() + "=" + arrival.value())
                .collect(Collectors.joining(" "));
    }

    private Mono<Decision> act(Turn turn, String line) {
        if (turn.reason() == Turn.Reason.ANSWERED) {
            return Mono.just(Decision.answer(turn.answer()));
        }
        int kind = 0;
        while (kind < line.length() && (Character.isDigit(line.charAt(kind)) || line.charAt(kind) == '.')) {
            kind++;
        }
        Duration after = kind == 0 ? Duration.ZERO : Flows.seconds(Double.parseDouble(line.substring(0, kind)));
        String text = line.substring(kind + 1);
        Mono<Decision> then = switch (line.charAt(kind)) {
            case ':' -> Mono.just(Decision.answer(text));
            case '!' -> Mono.just(Decision.fail(text));
            case '^' -> Mono.error(new IllegalStateException(text));
            case '?' -> Mono.just(Decision.ask(text));
            case '>' -> {
                int divided = text.indexOf('=');
                yield Mono.just(Decision.handOff(text.substring(0, divided), text.substring(divided + 1)));
            }
            case '-' -> Mono.never();
            default -> throw new IllegalArgumentException(line);
        };
        return (after.isZero() ? then : Mono.delay(after).then(then)).doOnCancel(() -> cancelled.add(line));
    }
}
