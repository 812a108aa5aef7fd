from typing import Any

class DataType:
    def simpleString(self) -> str: ...

class StringType(DataType): ...
class IntegralType(DataType): ...
class DateType(DataType): ...

class StructField:
    name: str
    dataType: DataType
    metadata: dict[str, Any]

class StructType(DataType):
    fields: list[StructField]
    names: list[str]
    def __getitem__(self, key: str) -> StructField: ...
