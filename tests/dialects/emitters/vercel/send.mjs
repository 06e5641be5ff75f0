// The AI SDK with both of its integrations of OpenTelemetry: the present one, and the one of versions before 7.
// Usage: node send.mjs LLM COLLECTOR

import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { LegacyOpenTelemetry, OpenTelemetry } from '@ai-sdk/otel';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { embed, embedMany, generateText, streamText } from 'ai';

const [llm, collector] = process.argv.slice(2);
const attributes = {
  'service.name': 'ai-service',
  'service.version': '2026.10.1',
  'deployment.environment.name': 'production',
};
const exporter = new OTLPTraceExporter({ url: `${collector}/v1/traces` });
const provider = new NodeTracerProvider({
  resource: { attributes, merge() { return this; }, getRawAttributes: () => Object.entries(attributes) },
  spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 600_000 })],
});
provider.register();

const openai = createOpenAI({ baseURL: `${llm}/v1`, apiKey: 'none' });
const anthropic = createAnthropic({ baseURL: `${llm}/v1`, apiKey: 'none' });
const prompt = 'Say hi.';
const work = { feature: 'onboarding.document_import', customer: 'acme' };

function calls(make) {
  const telemetry = (more = {}) => ({
    functionId: 'tag-documents',
    includeRuntimeContext: { feature: true, customer: true },
    integrations: [make()],
    ...more,
  });
  const ask = (model, more = {}) => generateText({ model, prompt, maxRetries: 0, telemetry: telemetry(), ...more });
  return {
    chat: () => ask(openai.chat('gpt-4o')),
    chat_at_work: () => ask(openai.chat('gpt-4o'), { runtimeContext: work }),
    chat_stream: async () => {
      const found = streamText({ model: openai.chat('gpt-4o'), prompt, maxRetries: 0, telemetry: telemetry() });
      for await (const part of found.textStream) void part;
    },
    chat_refused: () => ask(openai.chat('refuse-429')),
    responses: () => ask(openai.responses('gpt-4o')),
    message: () => ask(anthropic('claude-sonnet-4-5')),
    embeddings: () => embed({ model: openai.embedding('text-embedding-3-small'), value: 'hi', telemetry: telemetry() }),
    embeddings_many: () =>
      embedMany({ model: openai.embedding('text-embedding-3-small'), values: ['hi'], telemetry: telemetry() }),
  };
}

async function play(before, made) {
  for (const [name, call] of Object.entries(made)) {
    await fetch(`${collector}/begin/${before}${name}`, { method: 'POST' });
    await call().catch(() => undefined);
    await provider.forceFlush();
  }
}

await play('', calls(() => new OpenTelemetry({ usage: true, runtimeContext: true })));
await play('legacy_', calls(() => new LegacyOpenTelemetry()));
await provider.shutdown();
