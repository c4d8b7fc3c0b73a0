/** Waveforms as Observations: a window of each, of a device and a metric, as fine as was asked. */
import { type UnreadablePart, WAVEFORM_QUERY_MAX_MS } from '@ausculta/contract/readings';
import { leadsNamed, PANEL, PANEL_PARTS, together } from '@ausculta/fhir/ecg-leads';
import {
  type DeviceLinks,
  type LinksOf,
  linkByName,
  type PlacedReading,
} from '@ausculta/fhir/observation';
import {
  cutRun,
  type PlacedRun,
  parseWaveformId,
  toWaveformObservation,
  type WaveformKey,
} from '@ausculta/fhir/waveform-observation';
import type { OrganisationId, SubjectId } from '@ausculta/vitals/identity';
import { metricByKey } from '@ausculta/vitals/lookup';
import type { Metric } from '@ausculta/vitals/metric';
import { type SampleRate, sampleOffsetMs } from '@ausculta/vitals/waveform';
import type { Observation } from '@medplum/fhirtypes';
import type { RegisteredDevice } from '../devices/known-device.ts';
import type { Registry } from '../devices/registry.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Answer, UNREADABLE } from './answer.ts';
import { type FhirDocument, subjectsOf } from './document.ts';

export interface WaveformPorts {
  readonly telemetry: Pick<Telemetry, 'waveformsBySeries'>;
  readonly linksOf: LinksOf;
}

export interface WaveformAsked {
  readonly subjectId: SubjectId;
  readonly metrics: readonly Metric[];
  /** Half-open, in corrected time. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** From one value to the next at least; undefined: every sample. */
  readonly periodMs: number | undefined;
}

/** Values of one answer: some 5 MB of text. */
export const VALUES_MAX = 1_000_000;

/**
 * Undefined where it is too much for an answer. In the order of their time. Whoever asks for the
 * electrocardiogram as a whole is told all leads of a moment in one.
 */
export async function waveformObservations(
  { telemetry, linksOf }: WaveformPorts,
  { metrics, periodMs, ...asked }: WaveformAsked,
  unreadable: UnreadablePart[],
): Promise<Observation[] | undefined> {
  const isPanel = metrics.includes(PANEL);
  const wanted = isPanel ? [...new Set([...metrics, ...PANEL_PARTS])] : metrics;
  const runs = await runsOf(telemetry, { ...asked, metrics: wanted }, unreadable);
  const cuts = runs.flatMap((run) => {
    const everyN = Math.max(1, Math.round((periodMs ?? 0) / sampleOffsetMs(run.rate, 1)));
    const cut = cutRun(run, { ...asked, everyN });
    return cut === undefined ? [] : [{ ...cut, everyN }];
  });
  if (cuts.reduce((sum, { samples }) => sum + samples.length, 0) > VALUES_MAX) return undefined;
  const groups = isPanel ? together(cuts) : cuts.map((cut): [typeof cut] => [cut]);
  return groups
    .toSorted(([a], [b]) => a.timeMs - b.timeMs)
    .map((group) => toWaveformObservation(group, linksOfAll(group, linksOf), group[0].everyN));
}

type Leads = readonly [PlacedRun, ...PlacedRun[]];

/** What measures all leads is the device, and none of its metrics. */
function linksOfAll([first, ...others]: Leads, linksOf: LinksOf): DeviceLinks {
  const reading: PlacedReading = { ...first, value: Number.NaN };
  const links = linksOf(reading);
  const isOfMetric = links.device.reference?.startsWith('DeviceMetric/') === true;
  return isOfMetric && others.length > 0 ? { ...links, ...linkByName(first) } : links;
}

type Window = Omit<WaveformAsked, 'periodMs'>;

async function runsOf(
  telemetry: WaveformPorts['telemetry'],
  { subjectId, metrics, fromMs, untilMs }: Window,
  unreadable: UnreadablePart[],
): Promise<PlacedRun[]> {
  const keys = metrics.map(({ key }) => key);
  const span = { fromMs, toMs: untilMs };
  const all = await telemetry.waveformsBySeries({ subjectId, metrics: keys, ...span, unreadable });
  return all.flatMap(({ series, runs }) =>
    runs.map((run) => {
      const { metric, deviceId, epoch } = series;
      const { startMs, offsetMs, rate, samples, gain, zero, flags } = run;
      const placed = { timeMs: Math.round(startMs), stampMs: Math.round(startMs - offsetMs) };
      const of = { metric, subjectId: series.subjectId, deviceId, epoch };
      return { ...of, ...placed, rate, samples, gain, zero, flags };
    }),
  );
}

export interface WaveformByIdPorts extends WaveformPorts {
  readonly registry: Pick<Registry, 'offsetsOf'>;
  readonly deviceOf: (organisationId: OrganisationId, tag: string) => RegisteredDevice | undefined;
}

/** As it was told under that id; undefined where there is none. */
export async function waveformById(
  { telemetry, linksOf, registry, deviceOf }: WaveformByIdPorts,
  organisationId: OrganisationId,
  id: string,
): Promise<Answer<FhirDocument> | undefined> {
  const key = parseWaveformId(id);
  const metrics = key && metricsOf(key);
  const device = key && deviceOf(organisationId, key.device);
  if (key === undefined || metrics === undefined || device === undefined) return undefined;
  // None that was told is longer, and nobody makes us open the record of years.
  const lengthMs = sampleOffsetMs(key.rate, key.length);
  if (key.length * metrics.length > VALUES_MAX || lengthMs > WAVEFORM_QUERY_MAX_MS)
    return undefined;
  const { epoch, stampMs } = key;
  const atMs = stampMs + registry.offsetsOf({ deviceId: device.id, epoch }).at(stampMs);
  let isUnreadable = false;
  for (const subjectId of new Set(device.wearers.map((one) => one.subjectId))) {
    const unreadable: UnreadablePart[] = [];
    const span = { fromMs: atMs - 0.5, untilMs: atMs + lengthMs };
    const runs = await runsOf(telemetry, { subjectId, metrics, ...span }, unreadable);
    const own = runs.filter(({ deviceId }) => deviceId === device.id);
    const told = toldAs(id, key, { runs: own, metrics, linksOf });
    if (told !== undefined) return { ok: true, value: documentOf(told) };
    isUnreadable ||= unreadable.length > 0;
  }
  return isUnreadable ? UNREADABLE : undefined;
}

/** One waveform, or the leads of an electrocardiogram. */
function metricsOf({ name }: WaveformKey): readonly Metric[] | undefined {
  const metric = metricByKey(name);
  return metric === undefined ? leadsNamed(name) : [metric];
}

interface Candidates {
  readonly runs: readonly PlacedRun[];
  readonly metrics: readonly Metric[];
  readonly linksOf: LinksOf;
}

function toldAs(
  id: string,
  key: WaveformKey,
  { runs, metrics, linksOf }: Candidates,
): Observation | undefined {
  const cuts = runs.flatMap((run) => cutAs(key, run) ?? []);
  const [first, ...others] = metrics.flatMap(
    (metric) => cuts.find((cut) => cut.metric === metric) ?? [],
  );
  if (first === undefined) return undefined;
  const told = toWaveformObservation(
    [first, ...others],
    linksOfAll([first, ...others], linksOf),
    first.everyN,
  );
  return told.id === id ? told : undefined;
}

function cutAs(
  { length, rate, epoch, stampMs }: WaveformKey,
  run: PlacedRun,
): (PlacedRun & { readonly everyN: number }) | undefined {
  const everyN = everyNOf(run.rate, rate);
  if (everyN === undefined) return undefined;
  const samples = run.samples.subarray(0, length * everyN);
  const cut = cutRun({ ...run, samples }, { fromMs: run.timeMs, untilMs: Infinity, everyN });
  const isSo = cut?.samples.length === length && cut.stampMs === stampMs && cut.epoch === epoch;
  return cut && isSo ? { ...cut, everyN } : undefined;
}

/** So many samples of the one rate are one of the other. */
function everyNOf(fine: SampleRate, coarse: SampleRate): number | undefined {
  const everyN = coarse.denominator / fine.denominator;
  const isWhole = Number.isInteger(everyN) && everyN >= 1;
  return isWhole && fine.numerator === coarse.numerator ? everyN : undefined;
}

function documentOf(observation: Observation): FhirDocument {
  const { id = '' } = observation;
  const text = JSON.stringify(observation);
  const subjectIds = subjectsOf(null, observation.subject?.reference ?? '');
  return { type: 'Observation', id, versionId: '1', updatedMs: undefined, text, subjectIds };
}
