package io.flotilla.step;

/** The engine's single steps under a limit of all steps: each is a round of one. */
class SingleStepLimitedFanOutTest extends SingleStepFanOutTest {

    @Override
    StepEngine.Builder engine() {
        return StepEngine.builder().maxInFlight(100_000);
    }
}
