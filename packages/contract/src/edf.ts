/**
 * GET /api/subjects/{id}/edf?metrics=a,b&from=&to=&identity=none|full: waveforms as one EDF+ file (EDF+D where
 * there are gaps), with the events of the time and what is doubtful of the samples as annotations. Nobody
 * is named in it unless `identity=full` asks for that. Times are corrected ones, in UTC.
 */
export const EDF_QUERY_MAX_MS = 24 * 3_600_000;
