package io.flotilla.journal.jackson;

import java.util.function.Function;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.jsontype.TypeSerializer;
import tools.jackson.databind.module.SimpleModule;

/**
 * Has a mapper of Jackson 3 write what runs tell by its {@code toMap()}: {@link io.flotilla.run.RunEvent}, {@link
 * io.flotilla.run.RunResult}, {@link io.flotilla.run.RunState}, {@link io.flotilla.run.RunFailure}, {@link io.flotilla.run.Outcome}, {@link
 * io.flotilla.step.StepResult}, what waits in a state, and paths of branches as texts. Also inside of objects of the application's own.
 *
 * <pre>{@code
 * JsonMapper mapper = JsonMapper.builder().addModule(new RunsModule()).build();
 * String line = mapper.writeValueAsString(event);
 * }</pre>
 *
 * <p>Settings of the mapper for types, such as polymorphic typing, do not apply to them. Thread-safe once it is registered.
 *
 * @since 0.1
 */
public final class RunsModule extends SimpleModule {

    private static final long serialVersionUID = 1L;

    /** The module, to be registered with a mapper. */
    public RunsModule() {
        super("io.flotilla.runs");
        JsonForms.giveTo(new JsonForms.Taker() {
            @Override
            public <T> void take(Class<T> type, Function<? super T, ?> form) {
                addSerializer(type, new ByForm<T>(form));
            }
        });
    }

    private static final class ByForm<T> extends ValueSerializer<T> {

        private final Function<? super T, ?> form;

        ByForm(Function<? super T, ?> form) {
            this.form = form;
        }

        @Override
        public void serialize(T value, JsonGenerator to, SerializationContext context) {
            to.writePOJO(form.apply(value));
        }

        @Override
        public void serializeWithType(T value, JsonGenerator to, SerializationContext context, TypeSerializer types) {
            serialize(value, to, context);
        }
    }
}
