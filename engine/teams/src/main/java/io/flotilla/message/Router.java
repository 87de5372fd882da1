package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What makes one form of network different from another. Lists are in the order of joining, and not to be changed. */
interface Router {

    /** Why nothing can pass between two; null if it can. */
    DeadLetter.@Nullable Reason refusal(AgentId from, AgentId to);

    /** Who receives what is sent to all. */
    List<Member> neighbours(AgentId sender, Members members);

    /** Who receives what is published. */
    List<Member> subscribers(String topic, Members members);

    /** A member has left. */
    void left(AgentId member);
}
