// Spells out the compact personnes.json into the claims that Pro Santé Connect sends.
import { readFileSync } from 'node:fs';

const FILE = JSON.parse(readFileSync(new URL('./personnes.json', import.meta.url)));
const STORE = 'f:550dc1c8-d97b-4b1e-ac8c-8eb4471cf9dd';
const SECTEUR = '1.2.250.1.71.4.2.4';
const SUBJECT_ROLE = '1.2.250.1.213.1.1.5.5';

/** Every claim of an activity, in the order of the public fixture; PSC sends "" for what it does not know. */
const ACTIVITE = [
  'codeModeExercice', 'codeSecteurDactivite', 'codeSectionPharmacien', 'codeRole', 'codeGenreActivite',
  'numeroSiretSite', 'numeroSirenSite', 'numeroFinessSite', 'numeroFinessetablissementJuridique',
  'identifiantTechniqueDeLaStructure', 'raisonSocialeSite', 'enseigneCommercialeSite', 'complementDestinataire',
  'complementPointGeographique', 'numeroVoie',
  'indiceRepetitionVoie', 'codeTypeDeVoie', 'libelleVoie', 'mentionDistribution', 'bureauCedex', 'codePostal',
  'codeCommune', 'codePays', 'telephone', 'telephone2', 'telecopie', 'adresseEMail', 'codeDepartement',
  'ancienIdentifiantDeLaStructure', 'autoriteDenregistrement',
];
const EXERCICE = [
  'codeProfession', 'codeCategorieProfessionnelle', 'codeCiviliteDexercice', 'codeTypeSavoirFaire', 'codeSavoirFaire',
];

const pick = (object, names) => Object.fromEntries(names.map((name) => [name, object[name] ?? '']));

function activite({ structure, ...own }) {
  return pick({ ...FILE.structures[structure], codeGenreActivite: 'GENR01', ...own }, ACTIVITE);
}

/** The claims that depend on the activities: a default situation exists only when there is exactly one. */
export function situation(activities) {
  const only = activities.length === 1 ? activities[0] : undefined;
  return {
    Secteur_Activite: only ? `${only.codeSecteurDactivite}^${SECTEUR}` : '',
    SubjectOrganization: only?.raisonSocialeSite ?? '',
    SubjectOrganizationID: only?.ancienIdentifiantDeLaStructure ?? '',
  };
}

function userinfo(personne) {
  const identifiant = `8${personne.rpps}`;
  const activities = personne.activites.map(activite);
  const { nom, prenom } = personne;
  const exercice = { ...pick(personne, EXERCICE), nomDexercice: nom, prenomDexercice: prenom, activities };
  return {
    sub: `${STORE}:${identifiant}`,
    preferred_username: identifiant,
    SubjectNameID: identifiant,
    otherIds: [{ identifiant, origine: 'RPPS', qualite: 1 }],
    given_name: prenom,
    family_name: nom,
    email_verified: false,
    SubjectRole: [`${personne.codeProfession}^${SUBJECT_ROLE}`],
    SubjectRefPro: { codeCivilite: personne.civilite, exercices: [exercice] },
    ...situation(activities),
    Palier_Authentification: 'APPPRIP3^1.2.250.1.213.1.5.1.1.1',
    PSI_Locale: '1.2.250.1.213.1.3.1.1',
    UITVersion: '1.0',
    Mode_Acces_Raison: '',
    Acces_Regulation_Medicale: 'FAUX',
  };
}

function structuresOf({ activites }) {
  return [...new Set(activites.map(({ structure }) => FILE.structures[structure].raisonSocialeSite))];
}

export const PERSONNES = FILE.personnes.map((personne) => ({
  id: personne.id,
  nom: `${personne.prenom} ${personne.nom}`,
  details: [personne.libelle, ...structuresOf(personne)],
  claims: userinfo(personne),
}));
