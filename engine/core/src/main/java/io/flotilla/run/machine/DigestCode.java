package io.flotilla.run.machine;

import io.flotilla.run.AgentFailedException;
import io.flotilla.run.LimitExceededException;
import io.flotilla.run.RunEvent;
import io.flotilla.run.RunFailure;
import io.flotilla.run.RunResult;
import io.flotilla.step.StepResult;

/**
 * The numbers that stand for kinds of things in a {@link RunDigest}. They are format: a number is never changed and never
 * used again, whatever its kind is called. {@code format.md} lists them.
 */
final class DigestCode {

    /** Of an event that is no part of a digest. */
    static final int LEFT_OUT = 0;

    private DigestCode() {}

    static int of(Fact fact) {
        if (fact instanceof Fact.StepSettled) {
            return 2;
        }
        if (fact instanceof Fact.Started) {
            return 1;
        }
        if (fact instanceof Fact.DeadlinePassed) {
            return 3;
        }
        if (fact instanceof Fact.QuestionAnswered) {
            return 4;
        }
        if (fact instanceof Fact.Paused) {
            return 5;
        }
        if (fact instanceof Fact.SignalReceived) {
            return 8;
        }
        if (fact instanceof Fact.BranchCancelRequested) {
            return 9;
        }
        return fact instanceof Fact.Resumed ? 6 : 7; // a run cancelled
    }

    static int of(RunEvent event) {
        if (event instanceof RunEvent.StepStarted) {
            return LEFT_OUT;
        }
        if (event instanceof RunEvent.StepSettled) {
            return 3;
        }
        if (event instanceof RunEvent.BranchStarted) {
            return 2;
        }
        if (event instanceof RunEvent.BranchAnswered) {
            return 9;
        }
        if (event instanceof RunEvent.HandedOff) {
            return 5;
        }
        if (event instanceof RunEvent.BranchMovedOn) {
            return 11;
        }
        if (event instanceof RunEvent.Forked) {
            return 6;
        }
        if (event instanceof RunEvent.Joined) {
            return 7;
        }
        if (event instanceof RunEvent.RendezvousFired) {
            return 8;
        }
        return ofRare(event);
    }

    private static int ofRare(RunEvent event) {
        if (event instanceof RunEvent.RunStarted) {
            return 1;
        }
        if (event instanceof RunEvent.DecisionRejected) {
            return 4;
        }
        if (event instanceof RunEvent.BranchFailed) {
            return 10;
        }
        if (event instanceof RunEvent.BranchCancelled) {
            return 12;
        }
        if (event instanceof RunEvent.QuestionAsked) {
            return 13;
        }
        if (event instanceof RunEvent.QuestionAnswered) {
            return 14;
        }
        if (event instanceof RunEvent.RunPaused) {
            return 15;
        }
        if (event instanceof RunEvent.RunResumed) {
            return 16;
        }
        return event instanceof RunEvent.RunFinished ? 17 : ofWait(event);
    }

    private static int ofWait(RunEvent event) {
        if (event instanceof RunEvent.SleepStarted) {
            return 18;
        }
        if (event instanceof RunEvent.SleepEnded) {
            return 19;
        }
        if (event instanceof RunEvent.SignalAwaited) {
            return 20;
        }
        if (event instanceof RunEvent.SignalReceived) {
            return 21;
        }
        if (event instanceof RunEvent.SignalTaken) {
            return 22;
        }
        return event instanceof RunEvent.CompensationStarted ? 23 : ofLast(event);
    }

    private static int ofLast(RunEvent event) {
        return event instanceof RunEvent.CompensationSettled ? 24 : 25; // state was written
    }

    static int of(RunEvent.Delivery delivery) {
        return switch (delivery) {
            case DELIVERED -> 1;
            case KEPT -> 2;
            case LOST -> 3;
            case REFUSED -> 4;
        };
    }

    static int of(RunEvent.Verdict verdict) {
        return switch (verdict) {
            case MET -> 1;
            case UNMET -> 2;
            case VACATED -> 3;
        };
    }

    static int of(RunResult.Status status) {
        return switch (status) {
            case SUCCEEDED -> 1;
            case FAILED -> 2;
            case CANCELLED -> 3;
        };
    }

    static int of(RunFailure.Kind kind) {
        return switch (kind) {
            case STEP_FAILED -> 1;
            case INVALID_DECISION -> 2;
            case JOIN_SHORTFALL -> 3;
            case LIMIT_EXCEEDED -> 4;
            case NO_ANSWER -> 5;
            case QUESTION_EXPIRED -> 6;
            case CANCELLED -> 7;
            case SIGNAL_TIMEOUT -> 8;
            case JOIN_PREDICATE_FAILED -> 9;
            case STATE_REJECTED -> 10;
            case STATE_MERGE_FAILED -> 11;
        };
    }

    /** How a step failed; 0 if its agent decided to fail. Which limit was exceeded. 0 for the others. */
    static int detail(RunFailure failure) {
        if (failure instanceof AgentFailedException step) {
            return step.stepKind() == null ? 0 : of(step.stepKind());
        }
        return failure instanceof LimitExceededException exceeded ? ofLimit(exceeded.limit()) : 0;
    }

    static int of(StepResult.Kind kind) {
        return switch (kind) {
            case SUCCEEDED -> 1;
            case DEGRADED -> 2;
            case FAILED -> 3;
            case TIMED_OUT -> 4;
            case REJECTED -> 5;
            case CANCELLED -> 6;
        };
    }

    static int ofLimit(String limit) {
        return switch (limit) {
            case "steps" -> 1;
            case "time" -> 2;
            case "tokens" -> 3;
            case "cost" -> 4;
            case "branches" -> 5;
            case "depth" -> 6;
            case "questions" -> 7;
            case "delegationCycles" -> 8;
            default -> throw new IllegalArgumentException("unknown limit " + limit);
        };
    }
}
