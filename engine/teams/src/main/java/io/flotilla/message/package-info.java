/**
 * Messages between agents.
 *
 * <p>Start with {@link io.flotilla.message.Envelope}, an immutable message with its sender, its address, and where it came
 * from. A {@link io.flotilla.message.Mailbox} is a bounded queue in front of one handler. What a mailbox accepts it delivers,
 * or it becomes a {@link io.flotilla.message.DeadLetter}; {@link io.flotilla.message.DeadLetters} counts and publishes them.
 *
 * <p>A {@link io.flotilla.message.Network} is a set of members with mailboxes: {@link io.flotilla.message.Hub}, {@link
 * io.flotilla.message.Mesh}, or {@link io.flotilla.message.Topics}. Agents of the engine are members without change. A {@link
 * io.flotilla.message.NetworkGuard} may refuse what is sent.
 *
 * <p>This package stands on {@code flotilla-core} alone.
 */
@NullMarked
package io.flotilla.message;

import org.jspecify.annotations.NullMarked;
