"""FHIR R4 and CDS Hooks: a network as a Questionnaire, answers as a QuestionnaireResponse, a result as a Bundle.

Resources are plain data here, as in JSON. A library of classes would check shapes alone; the tests check what is made
with two validators that other people wrote.
"""
