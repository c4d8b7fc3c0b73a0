/**
 * Which class of data a FHIR resource is, by its type and, where a type holds several, by its categories. A flag
 * that somebody writes is a note; alarms are told as Flags by a way of their own (fhir/alarm-flags.ts).
 */
import type { DataClass } from '@ausculta/policy/vocabulary';

const TYPES_OF: Partial<Record<DataClass, string>> = {
  identity: 'Patient Person RelatedPerson',
  placement: 'Appointment AppointmentResponse Encounter EpisodeOfCare',
  vitals: 'Observation',
  laboratory: 'DiagnosticReport Specimen',
  medication: `Immunization ImmunizationEvaluation ImmunizationRecommendation MedicationAdministration
    MedicationDispense MedicationRequest MedicationStatement`,
  protocols: 'CarePlan CareTeam Goal NutritionOrder VisionPrescription',
  consents: 'Consent',
  documents: `Account AdverseEvent AllergyIntolerance Basic Binary BodyStructure Bundle ChargeItem Claim ClaimResponse
    ClinicalImpression Communication CommunicationRequest Composition Condition Contract Coverage
    CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue DeviceRequest DeviceUseStatement
    DocumentManifest DocumentReference EnrollmentRequest EnrollmentResponse ExplanationOfBenefit FamilyMemberHistory
    Flag Group GuidanceResponse ImagingStudy Invoice Linkage List Media MessageHeader MolecularSequence PaymentNotice
    PaymentReconciliation Procedure Provenance QuestionnaireResponse RequestGroup ResearchSubject RiskAssessment
    ServiceRequest Task`,
  audit: 'AuditEvent',
  devices: 'Device DeviceDefinition DeviceMetric',
  supply: 'SupplyDelivery SupplyRequest',
  aggregates: 'MeasureReport',
  policy: 'Subscription',
  directory: `ActivityDefinition BiologicallyDerivedProduct CapabilityStatement CatalogEntry ChargeItemDefinition
    CodeSystem CompartmentDefinition ConceptMap EffectEvidenceSynthesis Endpoint EventDefinition Evidence
    EvidenceVariable ExampleScenario GraphDefinition HealthcareService ImplementationGuide InsurancePlan Library
    Location Measure Medication MedicationKnowledge MedicinalProduct MedicinalProductAuthorization
    MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
    MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
    MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition NamingSystem
    ObservationDefinition OperationDefinition Organization OrganizationAffiliation PlanDefinition Practitioner
    PractitionerRole Questionnaire ResearchDefinition ResearchElementDefinition ResearchStudy
    RiskEvidenceSynthesis Schedule SearchParameter Slot SpecimenDefinition StructureDefinition StructureMap
    Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation
    SubstanceSourceMaterial SubstanceSpecification TerminologyCapabilities TestReport TestScript ValueSet
    VerificationResult`,
};

const CLASS_OF: ReadonlyMap<string, DataClass> = new Map(
  Object.entries(TYPES_OF).flatMap(([dataClass, types]) =>
    types.split(/\s+/).map((type) => [type, dataClass as DataClass] as const),
  ),
);

/** Of several classes, as their categories say. */
const MIXED: Readonly<Record<string, readonly DataClass[]>> = {
  Observation: ['vitals', 'laboratory', 'events', 'documents'],
  DiagnosticReport: ['laboratory', 'documents'],
};

const OF_CATEGORY: Readonly<Record<string, DataClass>> = {
  'vital-signs': 'vitals',
  laboratory: 'laboratory',
  LAB: 'laboratory',
  activity: 'events',
};

/** What names a person who is cared for, or may. */
export const TYPES_OF_PERSONS: readonly string[] = [...CLASS_OF]
  .filter(([, dataClass]) => !isOfHouse(dataClass))
  .map(([type]) => type);

export const TYPES_OF_HOUSE: readonly string[] = [...CLASS_OF.keys()].filter(
  (type) => !TYPES_OF_PERSONS.includes(type),
);

export const CLASSES_OF_DOCUMENTS: readonly DataClass[] = [
  ...new Set(TYPES_OF_PERSONS.flatMap(classesOfType)),
];

function isOfHouse(dataClass: DataClass): boolean {
  return ['audit', 'devices', 'supply', 'aggregates', 'policy', 'directory'].includes(dataClass);
}

/** A type that nobody has placed yet is a document of a person. */
export const isTypeOfHouse = (type: string): boolean =>
  isOfHouse(CLASS_OF.get(type) ?? 'documents');

export function classesOfType(type: string): readonly DataClass[] {
  return MIXED[type] ?? [CLASS_OF.get(type) ?? 'documents'];
}

interface Categorised {
  readonly category?: unknown;
}

/** Of one resource. */
export function classOf(type: string, { category }: Categorised): DataClass {
  if (MIXED[type] === undefined) return CLASS_OF.get(type) ?? 'documents';
  for (const code of codesIn(category)) {
    const found = OF_CATEGORY[code];
    if (found !== undefined) return found;
  }
  return 'documents';
}

/** Whatever somebody has sent: a resource is looked at before it is found to be valid. */
function codesIn(category: unknown): string[] {
  return [category].flat().flatMap((concept) => {
    const { coding } = Object(concept) as { readonly coding?: unknown };
    return [coding].flat().map((one) => String((Object(one) as { readonly code?: unknown }).code));
  });
}
