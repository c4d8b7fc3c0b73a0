// One typical message of each device language, made for this bench after the standards' own examples.

import { encodeSenml } from '../../packages/codecs/src/senml.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** A bedside monitor's minute under IHE DEC: four segments, its device, nine values each with its module: 23 in all. */
function monitorReport(): Uint8Array {
  const rows = [
    ['147842^MDC_ECG_HEART_RATE^MDC', '72', '264864^MDC_DIM_BEAT_PER_MIN^MDC'],
    ['150456^MDC_PULS_OXIM_SAT_O2^MDC', '97', '262688^MDC_DIM_PERCENT^MDC'],
    ['149530^MDC_PULS_OXIM_PULS_RATE^MDC', '73', '264864^MDC_DIM_BEAT_PER_MIN^MDC'],
    ['151562^MDC_RESP_RATE^MDC', '16', '264928^MDC_DIM_RESP_PER_MIN^MDC'],
    ['150037^MDC_PRESS_BLD_ART_ABP_SYS^MDC', '118', '266016^MDC_DIM_MMHG^MDC'],
    ['150038^MDC_PRESS_BLD_ART_ABP_DIA^MDC', '74', '266016^MDC_DIM_MMHG^MDC'],
    ['150039^MDC_PRESS_BLD_ART_ABP_MEAN^MDC', '89', '266016^MDC_DIM_MMHG^MDC'],
    ['150364^MDC_TEMP_BODY^MDC', '36.9', '268192^MDC_DIM_DEGC^MDC'],
    ['151708^MDC_CONC_AWAY_CO2_ET^MDC', '38', '266016^MDC_DIM_MMHG^MDC'],
  ];
  const lines = [
    'MSH|^~\\&|MONITOR^00A037EB2175780F^EUI-64|WARD|||20260115083000+0100||ORU^R01^ORU_R01|M4711|P|2.6|||NE|AL||UNICODE UTF-8|||IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO',
    'PID|||4711^^^Hospital^MR||Doe^Jane^^^^^L||19610301|F',
    'PV1||I|ICU^4^7^Hospital',
    'OBR|1|1^M^00A037EB2175780F^EUI-64|4711^M^00A037EB2175780F^EUI-64|182777000^monitoring of patient^SCT|||20260115083000+0100',
    'OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X',
    ...rows.flatMap(([code, value, unit], index) => [
      `OBX|${2 * index + 2}||69798^MDC_DEV_ANALY_SAT_O2_VMD^MDC|1.${index + 1}.0.0|||||||X`,
      `OBX|${2 * index + 3}|NM|${code}|1.${index + 1}.1.1|${value}|${unit}|50-120||||R|||20260115083000+0100||||00A037EB2175780F^^00A037EB2175780F^EUI-64`,
    ]),
  ];
  return utf8(lines.map((line) => `${line}\r`).join(''));
}

export const ORU_23 = monitorReport();

/** A cuff's confirmed fixed report by its standard configuration: three pressures and the pulse. */
export const CUFF_APDU = hex(
  'e700 003e 003c 0000 0101 0036 0000 ffffffff 0d1d 002c f000 0000 0002 0024 0001 0012 0003 0006 007b 004c 0061 2026112101591250 0002 000a 0055 2026112101591250',
);

export const ASTM_RESULT = utf8(
  [
    'H|\\^&|||Analyser^1.2|||||||P|1|20260115083000',
    'P|1|4711|||Doe^Jane||19610301|F',
    'O|1|B7650020|B7650020|^^^2339-0|R|20260115082500|||||N||||SER',
    'R|1|2339-0|101|mg/dL|70-110|N||F||op||20260115083000|M1',
    'L|1|N',
  ].join('\r'),
);

export const POCT_RESULT = utf8(`<OBS.R01>
  <HDR>
    <HDR.message_type V="OBS.R01"/>
    <HDR.control_id V="10003"/>
    <HDR.version_id V="POCT1"/>
    <HDR.creation_dttm V="2026-01-15T08:30:06+01:00"/>
  </HDR>
  <SVC>
    <SVC.role_cd V="OBS"/>
    <SVC.observation_dttm V="2026-01-15T08:29:54+01:00"/>
    <SVC.status_cd V="NRM"/>
    <PT>
      <PT.patient_id V="4711"/>
      <PT.location V="Hospital^ICU-4"/>
      <OBS>
        <OBS.observation_id V="2341-6" DN="Glu" SN="LN"/>
        <OBS.value V="145" U="mg/dL"/>
        <OBS.method_cd V="M"/>
        <OBS.status_cd V="A"/>
        <OBS.interpretation_cd V="H"/>
        <OBS.normal_lo-hi_limit V="[80;120]" U="mg/dL"/>
        <OBS.critical_lo-hi_limit V="[60;240]" U="mg/dL"/>
      </OBS>
    </PT>
    <OPR>
      <OPR.operator_id V="4712"/>
    </OPR>
    <SPC>
      <SPC.specimen_dttm V="2026-01-15T08:27:00+01:00"/>
      <SPC.type_cd V="BLD"/>
    </SPC>
    <RGT>
      <RGT.name V="">TY=TS</RGT.name>
      <RGT.lot_number V="0310010249"/>
      <RGT.expiration_date V="2027-01-31T00:00:00+01:00"/>
    </RGT>
  </SVC>
</OBS.R01>
`);

export const SENML_PACK = utf8(
  '[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1768462200},{"n":"heart-rate","u":"/min","v":72},{"n":"spo2","u":"%","v":97},{"n":"temperature-body","u":"Cel","v":36.9}]',
);

export const SENML_CBOR = encodeSenml(
  [
    { metric: 'heart-rate', unit: '/min', value: 72, stampMs: 1_768_462_200_000, flags: 0 },
    { metric: 'spo2', unit: '%', value: 97, stampMs: 1_768_462_200_000, flags: 0 },
    { metric: 'body-temperature', unit: 'Cel', value: 36.9, stampMs: 1_768_462_200_000, flags: 0 },
  ],
  { baseName: 'urn:dev:mac:0024befffe804ff1:', form: 'cbor' },
);

export const SENSOR_ENTRY = utf8(
  '{"type":"sgv","sgv":101,"date":1768462200000,"dateString":"2026-01-15T08:30:00.000+0100","device":"sensor","direction":"Flat"}',
);

export const PRESSURE_POINT = utf8(
  '{"header":{"id":"123e4567-e89b-12d3-a456-426655440000","creation_date_time":"2026-01-15T08:30:00Z","schema_id":{"namespace":"omh","name":"blood-pressure","version":"4.0"},"acquisition_provenance":{"source_name":"cuff","modality":"sensed"}},"body":{"systolic_blood_pressure":{"value":121,"unit":"mmHg"},"diastolic_blood_pressure":{"value":79,"unit":"mmHg"},"effective_time_frame":{"date_time":"2026-01-15T08:30:00Z"}}}',
);

export const PLAIN_MOMENT = utf8(
  '{"time":"2026-01-15T08:30:00Z","values":{"heart-rate":72,"spo2":97,"respiratory-rate":16,"nibp-systolic":118,"nibp-diastolic":74}}',
);

export const BUTTON_EVENT = utf8(
  '{"time":"2026-01-15T08:30:00Z","kind":"button","boot":3,"sequence":17}',
);

/** A number of each profile that is asked for, with every optional field that such devices send. */
export const CHARACTERISTICS = [
  { code: '2a37', count: 2, what: 'heart rate', bytes: hex('1e5532002100') },
  {
    code: '2a35',
    count: 4,
    what: 'blood pressure',
    bytes: hex('1e8a00580078000000041114293b3c00012700'),
  },
  { code: '2a1c', count: 1, what: 'temperature', bytes: hex('0774010 0ffea07010f081e0004') },
  { code: '2a5f', count: 2, what: 'pulse oximeter', bytes: hex('00 6100 4800') },
  { code: '2a18', count: 1, what: 'glucose', bytes: hex('1b0100e307021b0b0a1efbff1e00120501') },
  {
    code: '2aa7',
    count: 1,
    what: 'continuous glucose',
    bytes: hex('0fe3d2e405000214ff02f0e5f38e3f'),
  },
  { code: '2a9d', count: 3, what: 'weight', bytes: hex('0fb036e7070c190e1e2d05f200e506') },
] as const;
