package io.flotilla.security;

import io.flotilla.journal.InMemoryJournal;
import io.flotilla.journal.Journal;
import io.flotilla.testkit.JournalContract;

class SealedMemoryJournalContractTest extends JournalContract {

    private final World world = new World();

    @Override
    protected Journal open() {
        return SealedJournal.builder(
                        InMemoryJournal.builder()
                                .maxPayloadBytes(maxPayloadBytes() + SealedJournal.OVERHEAD_BYTES)
                                .build(),
                        world.ring)
                .build();
    }
}
