import { OTLPExporterBase, type OTLPExporterNodeConfigBase } from '@opentelemetry/otlp-exporter-base';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import { JsonTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** The name of this kind of exporter in the semantic conventions: `otel.component.type`. */
const COMPONENT_TYPE = 'otlp_http_span_exporter';

/** Sends spans by OTLP over HTTP, in JSON: as OpenTelemetry's own exporter of logs does it, with the serializer of traces. */
export class OtlpSpanExporter extends OTLPExporterBase<ReadableSpan[]> {
  constructor(setting: OTLPExporterNodeConfigBase) {
    const options = convertLegacyHttpOptions(setting, 'TRACES', 'v1/traces', { 'Content-Type': 'application/json' });
    super(
      createOtlpHttpExportDelegate(
        options,
        JsonTraceSerializer,
        COMPONENT_TYPE,
        TraceExporterMetricsHelper,
        setting.selfObsMeterProvider,
      ),
    );
  }
}
