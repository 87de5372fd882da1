package io.flotilla;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks public API that may change or go in any release, without a deprecation first. Everything else that is public keeps
 * to the rules of versions: it changes in a major release only.
 *
 * <p>It says nothing about quality: what is marked is tested as all else is. It is for API whose shape has had too few
 * users yet. On a type it covers all its members, on a
 * package all its types.
 *
 * @since 0.1
 */
@Documented
@Retention(RetentionPolicy.CLASS)
@Target({
    ElementType.TYPE,
    ElementType.METHOD,
    ElementType.CONSTRUCTOR,
    ElementType.FIELD,
    ElementType.PACKAGE,
    ElementType.ANNOTATION_TYPE
})
public @interface Experimental {}
