package io.flotilla.message;

import io.flotilla.AgentId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where a message goes: to members, or nowhere for a reason. */
record Receivers(List<Member> members, @Nullable AgentId named, DeadLetter.@Nullable Reason refusal) {

    static Receivers of(List<Member> members) {
        return members.isEmpty() ? none(null, DeadLetter.Reason.NO_RECEIVER) : new Receivers(members, null, null);
    }

    static Receivers none(@Nullable AgentId named, DeadLetter.Reason refusal) {
        return new Receivers(List.of(), named, refusal);
    }
}
