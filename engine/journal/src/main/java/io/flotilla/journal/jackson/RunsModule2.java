package io.flotilla.journal.jackson;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.jsontype.TypeSerializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.util.function.Function;

/**
 * The same as {@link RunsModule}, for a mapper of Jackson 2, which the application brings itself: it is an optional dependency here.
 *
 * <pre>{@code
 * ObjectMapper mapper = JsonMapper.builder().addModule(new RunsModule2()).build();
 * }</pre>
 *
 * <p>Thread-safe once it is registered.
 *
 * @since 0.1
 */
@SuppressWarnings("exports") // not transitively required: applications without Jackson 2 compile too
public final class RunsModule2 extends SimpleModule {

    private static final long serialVersionUID = 1L;

    /** The module, to be registered with a mapper. */
    public RunsModule2() {
        super("io.flotilla.runs");
        JsonForms.giveTo(new JsonForms.Taker() {
            @Override
            public <T> void take(Class<T> type, Function<? super T, ?> form) {
                addSerializer(type, new ByForm<T>(form));
            }
        });
    }

    private static final class ByForm<T> extends JsonSerializer<T> {

        private final Function<? super T, ?> form;

        ByForm(Function<? super T, ?> form) {
            this.form = form;
        }

        @Override
        public void serialize(T value, JsonGenerator to, SerializerProvider context) throws IOException {
            context.defaultSerializeValue(form.apply(value), to);
        }

        @Override
        public void serializeWithType(T value, JsonGenerator to, SerializerProvider context, TypeSerializer types)
                throws IOException {
            serialize(value, to, context);
        }
    }
}
