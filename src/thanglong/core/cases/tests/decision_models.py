"""A model for the tests: a fee by kind and pages, a discount by age, and who may have it."""

HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" xmlns:tl="urn:thanglong:dmn" name="Copies" namespace="urn:test:{key}">'
FEES = (
    HEAD
    + """<description>What a copy costs.</description>
<extensionElements><tl:word value="plan">Site plan</tl:word><tl:word value="deed">Title deed</tl:word></extensionElements>
<itemDefinition name="tKind"><typeRef>string</typeRef><allowedValues><text>"plan","deed"</text></allowedValues></itemDefinition>
<inputData id="kind" name="Kind" tl:from="data.kind"><variable name="Kind" typeRef="tKind"/></inputData>
<inputData id="pages" name="Pages" tl:from="data.pages"><variable name="Pages" typeRef="number"/></inputData>
<inputData id="born" name="Born" tl:from="data.born"><variable name="Born" typeRef="date"/></inputData>
<inputData id="tags" name="Tags"><variable name="Tags"/></inputData>
<businessKnowledgeModel id="share" name="Share"><variable name="Share"/><encapsulatedLogic>
<formalParameter name="born" typeRef="date"/><literalExpression><text>if born &lt; date("1966-01-01") then 0.5 else 1</text></literalExpression>
</encapsulatedLogic></businessKnowledgeModel>
<decision id="base" name="Base"><variable name="Base" typeRef="number"/><question>What does it cost before any discount?</question>
<informationRequirement id="b1"><requiredInput href="#kind"/></informationRequirement>
<informationRequirement id="b2"><requiredInput href="#pages"/></informationRequirement>
<decisionTable id="fees" hitPolicy="UNIQUE">
<input id="c1" label="Kind"><inputExpression typeRef="tKind"><text>Kind</text></inputExpression></input>
<input id="c2" label="Pages"><inputExpression typeRef="number"><text>Pages</text></inputExpression></input>
<output id="o1" typeRef="number"/><annotation name="Law"/>
<rule id="plans"><inputEntry><text>"plan"</text></inputEntry><inputEntry><text>-</text></inputEntry><outputEntry><text>{plan}</text></outputEntry><annotationEntry><text>Fee list, line 3.</text></annotationEntry></rule>
<rule id="deeds"><inputEntry><text>"deed"</text></inputEntry><inputEntry><text>&gt;= 1</text></inputEntry><outputEntry><text>2000 * Pages</text></outputEntry><annotationEntry><text/></annotationEntry></rule>
</decisionTable></decision>
<decision id="fee" name="Fee"><variable name="Fee" typeRef="number"/>
<informationRequirement id="f1"><requiredDecision href="#base"/></informationRequirement>
<informationRequirement id="f2"><requiredInput href="#born"/></informationRequirement>
<knowledgeRequirement id="f3"><requiredKnowledge href="#share"/></knowledgeRequirement>
<literalExpression><text>Base * Share(Born)</text></literalExpression></decision>
<decision id="free" name="Free"><variable name="Free" typeRef="boolean"/>
<informationRequirement id="g1"><requiredDecision href="#fee"/></informationRequirement>
<literalExpression><text>Fee = 0</text></literalExpression></decision>
</definitions>"""
)


def fees(key: str = "fees", plan: int = 50_000) -> bytes:
    """The model's file; a plan costs ``plan``."""
    return FEES.replace("{key}", key).replace("{plan}", str(plan)).encode()
