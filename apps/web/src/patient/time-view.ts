/** Which stretch of time a timeline shows. A live view ends now and moves on by itself. */
export interface TimeView {
  readonly spanMs: number;
  readonly endMs: number | 'live';
}

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

export const RANGES = [
  { label: '24 h', spanMs: 24 * HOUR_MS },
  { label: '1 h', spanMs: HOUR_MS },
  { label: '5 min', spanMs: 5 * MINUTE_MS },
  { label: '30 s', spanMs: 30 * SECOND_MS },
  { label: '6 s', spanMs: 6 * SECOND_MS },
] as const;

export const SPAN_MS_MIN = 3 * SECOND_MS;
const SPAN_MS_MAX = 31 * 24 * HOUR_MS;
/** Below this the stored waveform is shown as lanes of its own. */
export const WAVEFORM_SPAN_MS = MINUTE_MS;

export function stretchOf(view: TimeView, nowMs: number): Stretch {
  const toMs = view.endMs === 'live' ? nowMs : view.endMs;
  return { fromMs: toMs - view.spanMs, toMs };
}

/** Zooms so that the moment under the cursor stays under it. At the right edge, live stays live. */
export function zoomAt(
  view: TimeView,
  zoom: { readonly atMs: number; readonly factor: number; readonly nowMs: number },
): TimeView {
  const { toMs } = stretchOf(view, zoom.nowMs);
  const spanMs = Math.min(SPAN_MS_MAX, Math.max(SPAN_MS_MIN, view.spanMs * zoom.factor));
  const share = (toMs - zoom.atMs) / view.spanMs;
  return ended({ spanMs, endMs: zoom.atMs + share * spanMs }, zoom.nowMs);
}

/** Later for a positive shift; the future cannot be reached, now makes the view live again. */
export function panBy(
  view: TimeView,
  pan: { readonly shiftMs: number; readonly nowMs: number },
): TimeView {
  const { toMs } = stretchOf(view, pan.nowMs);
  if (pan.shiftMs === 0) return view;
  return ended({ spanMs: view.spanMs, endMs: toMs + pan.shiftMs }, pan.nowMs);
}

/** An end within a hundredth of the span of now is now. */
function ended(view: { spanMs: number; endMs: number }, nowMs: number): TimeView {
  const isNow = view.endMs >= nowMs - view.spanMs / 100;
  return { spanMs: view.spanMs, endMs: isNow ? 'live' : view.endMs };
}

/**
 * What is asked of the server for a view: two to four times as wide and snapped to a grid, so that
 * panning and small zooms draw from what is there already and answers can be shared.
 */
export function askedStretch(stretch: Stretch): Stretch {
  const spanMs = stretch.toMs - stretch.fromMs;
  const wideMs = 2 ** Math.ceil(Math.log2(spanMs * 2));
  const stepMs = wideMs / 4;
  const fromMs = Math.floor((stretch.fromMs - wideMs / 8) / stepMs) * stepMs;
  return { fromMs, toMs: fromMs + wideMs };
}

const STEPS_MS = [
  SECOND_MS,
  2 * SECOND_MS,
  5 * SECOND_MS,
  10 * SECOND_MS,
  30 * SECOND_MS,
  MINUTE_MS,
  2 * MINUTE_MS,
  5 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
  48 * HOUR_MS,
  7 * 24 * HOUR_MS,
] as const;

/** Round times of the viewer's zone, at most `most` of them. */
export function timeTicks(
  stretch: Stretch,
  ticks: { readonly most: number; readonly zoneOffsetMs: number },
): { readonly stepMs: number; readonly timesMs: readonly number[] } {
  const spanMs = stretch.toMs - stretch.fromMs;
  const stepMs = STEPS_MS.find((step) => spanMs / step <= ticks.most) ?? 7 * 24 * HOUR_MS;
  const timesMs: number[] = [];
  const firstMs =
    Math.ceil((stretch.fromMs + ticks.zoneOffsetMs) / stepMs) * stepMs - ticks.zoneOffsetMs;
  for (let atMs = firstMs; atMs <= stretch.toMs; atMs += stepMs) timesMs.push(atMs);
  return { stepMs, timesMs };
}
