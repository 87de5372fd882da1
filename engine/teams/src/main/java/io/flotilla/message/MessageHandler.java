package io.flotilla.message;

import reactor.core.publisher.Mono;

/**
 * What a {@link Mailbox} does with its messages.
 *
 * <p>Called for one message at a time, the next one when the last one has ended. It may throw, fail, hang, or block its
 * thread: its message becomes a dead letter, and the next one is handled.
 *
 * @since 0.1
 */
@FunctionalInterface
public interface MessageHandler {

    /**
     * Handles a message.
     *
     * <ul>
     *   <li><b>onNext</b>: ignored.
     *   <li><b>onError</b>: the message is a dead letter with {@link DeadLetter.Reason#HANDLER_FAILED}.
     *   <li><b>onComplete</b>: the message is delivered. {@code Mono.empty()} is cheapest for what is done already.
     *   <li><b>cancel</b>: sent when the time is up, or the mailbox is disposed of; what is signalled later is ignored.
     *   <li><b>threads</b>: called and subscribed to on a thread of the mailbox; may block it at the cost of a thread.
     *   <li><b>context</b>: {@link Envelope#context()}.
     * </ul>
     *
     * @param envelope the message
     * @return its handling; never null
     */
    Mono<?> handle(Envelope envelope);
}
