"""Validates documents against docs/schema: `schema.py FOLDER < lines`, each line {"schema": name, "call": text, "document": …}.

Keys may be added within a version, so the schemas allow unknown ones. Here they do not: what is printed has to be described.
"""

import json
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012


def closed(schema):
    """The same schema without room for keys that it does not name."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: part if key in ("if", "const", "enum") else closed(part) for key, part in schema.items()}
    if "object" in schema.get("type", ()) and "properties" in schema:
        result.setdefault("additionalProperties", False)
    return result


def main():
    schemas = {path.name: json.loads(path.read_text()) for path in Path(sys.argv[1]).glob("*.json")}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    resources = {name: DRAFT202012.create_resource(closed(schema)) for name, schema in schemas.items()}
    registry = Registry().with_resources(resources.items())
    wrong = 0
    for line in sys.stdin:
        given = json.loads(line)
        validator = Draft202012Validator({"$ref": given["schema"] + ".json"}, registry=registry)
        error = best_match(validator.iter_errors(given["document"]))
        if error is not None:
            wrong += 1
            print(f"{given['call']}: {error.json_path}: {error.message[:2000]}")
    sys.exit(1 if wrong else 0)


main()
