package io.flotilla.step;

/** The engine's single steps with an interceptor that does nothing. */
class SingleStepInterceptedFanOutTest extends SingleStepFanOutTest {

    @Override
    StepEngine.Builder engine() {
        return StepEngine.builder().interceptor(new StepInterceptor() {});
    }
}
