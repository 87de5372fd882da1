/**
 * The three forms of network: {@link io.flotilla.samples.networks.HubSample}, {@link
 * io.flotilla.samples.networks.MeshSample}, {@link io.flotilla.samples.networks.TopicsSample}.
 */
@NullMarked
package io.flotilla.samples.networks;

import org.jspecify.annotations.NullMarked;
