-- The log as Marten's event store, to be read (docs/marten.md). Views, so that it cannot be written, archived or masked through them, and so that a
-- reader sees dense positions instead of a sequence with gaps. The names of tables, columns and constraints are Marten's.

-- "Patient/anna". Immutable, so that an index can be made on it; a number never changes its name.
create function es.stream_name(p_type smallint, p_id text) returns text language sql immutable parallel safe as $$
    select (string_to_array(translate('
        Account,ActivityDefinition,AdverseEvent,AllergyIntolerance,Appointment,AppointmentResponse,AuditEvent,Basic,Binary,
        BiologicallyDerivedProduct,BodyStructure,Bundle,CapabilityStatement,CarePlan,CareTeam,CatalogEntry,ChargeItem,ChargeItemDefinition,
        Claim,ClaimResponse,ClinicalImpression,CodeSystem,Communication,CommunicationRequest,CompartmentDefinition,Composition,ConceptMap,
        Condition,Consent,Contract,Coverage,CoverageEligibilityRequest,CoverageEligibilityResponse,DetectedIssue,Device,DeviceDefinition,
        DeviceMetric,DeviceRequest,DeviceUseStatement,DiagnosticReport,DocumentManifest,DocumentReference,EffectEvidenceSynthesis,Encounter,
        Endpoint,EnrollmentRequest,EnrollmentResponse,EpisodeOfCare,EventDefinition,Evidence,EvidenceVariable,ExampleScenario,
        ExplanationOfBenefit,FamilyMemberHistory,Flag,Goal,GraphDefinition,Group,GuidanceResponse,HealthcareService,ImagingStudy,
        Immunization,ImmunizationEvaluation,ImmunizationRecommendation,ImplementationGuide,InsurancePlan,Invoice,Library,Linkage,List,
        Location,Measure,MeasureReport,Media,Medication,MedicationAdministration,MedicationDispense,MedicationKnowledge,MedicationRequest,
        MedicationStatement,MedicinalProduct,MedicinalProductAuthorization,MedicinalProductContraindication,MedicinalProductIndication,
        MedicinalProductIngredient,MedicinalProductInteraction,MedicinalProductManufactured,MedicinalProductPackaged,
        MedicinalProductPharmaceutical,MedicinalProductUndesirableEffect,MessageDefinition,MessageHeader,MolecularSequence,NamingSystem,
        NutritionOrder,Observation,ObservationDefinition,OperationDefinition,OperationOutcome,Organization,OrganizationAffiliation,
        Parameters,Patient,PaymentNotice,PaymentReconciliation,Person,PlanDefinition,Practitioner,PractitionerRole,Procedure,Provenance,
        Questionnaire,QuestionnaireResponse,RelatedPerson,RequestGroup,ResearchDefinition,ResearchElementDefinition,ResearchStudy,
        ResearchSubject,RiskAssessment,RiskEvidenceSynthesis,Schedule,SearchParameter,ServiceRequest,Slot,Specimen,SpecimenDefinition,
        StructureDefinition,StructureMap,Subscription,Substance,SubstanceNucleicAcid,SubstancePolymer,SubstanceProtein,
        SubstanceReferenceInformation,SubstanceSourceMaterial,SubstanceSpecification,SupplyDelivery,SupplyRequest,Task,
        TerminologyCapabilities,TestReport,TestScript,ValueSet,VerificationResult,VisionPrescription,ActorDefinition,
        AdministrableProductDefinition,ArtifactAssessment,BiologicallyDerivedProductDispense,Citation,ClinicalUseDefinition,
        ConditionDefinition,DeviceAssociation,DeviceDispense,DeviceUsage,EncounterHistory,EvidenceReport,FormularyItem,GenomicStudy,
        ImagingSelection,Ingredient,InventoryItem,InventoryReport,ManufacturedItemDefinition,MedicinalProductDefinition,NutritionIntake,
        NutritionProduct,PackagedProductDefinition,Permission,RegulatedAuthorization,RequestOrchestration,Requirements,SubscriptionStatus,
        SubscriptionTopic,SubstanceDefinition,TestPlan,Transport
    ', E' \n', ''), ','))[p_type] || '/' || p_id
$$;

create schema marten;

create view marten.mt_events as
select f.position as seq_id,
       e.event_id as id,
       es.stream_name(s.type, s.id)::varchar as stream_id,
       e.version::bigint as version,
       -- Of a delete and of erased content there is no body, but a reader needs an object.
       case when e.body is not null then e.body::jsonb
            else jsonb_build_object('resourceType', split_part(es.stream_name(s.type, s.id), '/', 1), 'id', s.id)
                 || case when e.kind = 3 then '{"deleted":true}'::jsonb else '{"erased":true}'::jsonb end end as data,
       null::bytea as bdata,
       (case e.kind when 2 then 'fhir_resource_updated' when 3 then 'fhir_resource_deleted' when 5 then 'fhir_resource_erased'
                    else 'fhir_resource_created' end)::varchar(500) as type,
       e.recorded_at as "timestamp",
       '*DEFAULT*'::varchar as tenant_id,
       -- Empty, not null: a client that has not mapped a type would fail on null before it can skip the event.
       ''::varchar as mt_dotnet_type,
       e.correlation_id::varchar as correlation_id,
       e.tx_id::varchar as causation_id,
       jsonb_strip_nulls(jsonb_build_object(
           'actor', e.actor, 'onBehalfOf', e.on_behalf_of, 'client', e.client, 'reason', e.reason, 'purpose', e.purpose,
           'fhirVersion', e.fhir_version)) as headers,
       e.actor::varchar as user_name,
       false as is_archived
from es.feed f
left join es.event e on e.seq = f.seq
left join es.stream s on s.rid = e.rid;

create view marten.mt_streams as
select es.stream_name(s.type, s.id)::varchar as id,
       split_part(es.stream_name(s.type, s.id), '/', 1)::varchar as type,
       s.version::bigint as version,
       s.updated as "timestamp",
       (select e.recorded_at from es.event e where e.rid = s.rid and e.version = 1) as created,
       '*DEFAULT*'::varchar as tenant_id,
       false as is_archived
from es.stream s
where s.version > 0;

-- What a client reads of the sequence behind seq_id.
create view marten.mt_events_sequence as
select greatest(position, 1) as last_value, 0::bigint as log_cnt, position > 0 as is_called from es.sequencer;

-- How far the client's own projections are: the only tables here, written by it.
create table marten.mt_event_progression (
    name         varchar     not null,
    last_seq_id  bigint,
    last_updated timestamptz default transaction_timestamp(),
    constraint pk_mt_event_progression primary key (name)
);

create table marten.mt_high_water_skips (
    ending_sequence   bigint      not null,
    starting_sequence bigint      not null,
    "timestamp"       timestamptz not null default now(),
    constraint pkey_mt_high_water_skips_ending_sequence primary key (ending_sequence)
);

create function marten.mt_mark_event_progression(name varchar, last_encountered bigint) returns void language sql as $$
    insert into marten.mt_event_progression as p (name, last_seq_id, last_updated) values ($1, $2, transaction_timestamp())
    on conflict on constraint pk_mt_event_progression do update set last_seq_id = $2, last_updated = transaction_timestamp()
$$;

-- Answers where the mark is afterwards. It moves if it stood at the start of the gap, or if there was none. Positions have no gaps, so a client has no
-- reason to call it; it is there because a client expects it.
create function marten.mt_mark_progression_with_skip(shard_name varchar, ending_sequence bigint, starting_sequence bigint) returns bigint
language plpgsql as $$
#variable_conflict use_column
declare
    mark bigint := (select p.last_seq_id from marten.mt_event_progression p where p.name = $1);
begin
    if mark <> $3 then return mark; end if;
    perform marten.mt_mark_event_progression($1, $2);
    if $2 > $3 then
        insert into marten.mt_high_water_skips (ending_sequence, starting_sequence) values ($2, $3)
        on conflict on constraint pkey_mt_high_water_skips_ending_sequence do nothing;
    end if;
    return $2;
end $$;
