package io.flotilla.state;

import io.flotilla.journal.Journal;
import java.util.Map;

/** Accounts for tests: a balance in cents that deposits and withdrawals have made. */
final class Accounts {

    /** What happens to an account. */
    sealed interface Event {

        int applyTo(int balance);
    }

    record Deposited(int cents) implements Event {
        @Override
        public int applyTo(int balance) {
            return balance + cents;
        }
    }

    record Withdrawn(int cents, String why) implements Event {
        @Override
        public int applyTo(int balance) {
            if (cents > balance) {
                throw new IllegalStateException("overdrawn");
            }
            return balance - cents;
        }
    }

    static final EventFormat<Event> FORMAT = EventFormat.<Event>builder()
            .event(
                    "deposited",
                    1,
                    Deposited.class,
                    event -> Map.of("cents", event.cents()),
                    fields -> new Deposited((Integer) fields.get("cents")))
            .event(
                    "withdrawn",
                    1,
                    Withdrawn.class,
                    event -> Map.of("cents", event.cents(), "why", event.why()),
                    fields -> new Withdrawn((Integer) fields.get("cents"), (String) fields.get("why")))
            .build();

    private Accounts() {}

    static EventSourced.Builder<Integer, Event> over(Journal journal) {
        return EventSourced.<Integer, Event>builder(
                "account", 0, (balance, event) -> event.applyTo(balance), FORMAT, journal);
    }

    static EventSourced.Builder<Integer, Event> withSnapshots(Journal journal, int every) {
        return over(journal)
                .snapshots(every, 1, balance -> Map.of("balance", balance), fields -> (Integer) fields.get("balance"));
    }
}
